import { Button, Stack, Table, Text, Title } from "@mantine/core";
import type { ServiceRequest } from "fhir/r4";
import { Suspense, useState } from "react";

import { idIn } from "../../shared/fhir/bundle.ts";
import type { Stored } from "../../shared/fhir/client.ts";
import { useAsk } from "../../shared/fhir/queries.ts";
import { words } from "../../shared/format/codes.ts";
import { ago, day, moment } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { dayOf } from "../../shared/format/zone.ts";
import { useZone } from "../../shared/frame/useZone.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { patientsIn } from "../model/appointments.ts";
import { everything } from "../model/asking.ts";
import { useRows } from "../model/data.ts";
import { IMAGING, rowsFor, toBook } from "./toBook.ts";

const BookDialog = part(() => import("../booking/BookDialog.tsx"));

/** Examinations that were ordered and have no appointment yet. */
export default function Orders() {
  const { t } = useTexts();
  const { session } = useSmart();
  const { shown } = useZone();
  const rows = useRows();
  const [booking, setBooking] = useState<Stored<ServiceRequest>>();
  const query = useAsk(["ServiceRequest", "Appointment"], ["orders to book"], (fhir) => everything(fhir, "ServiceRequest", {
    status: "active", category: IMAGING, _include: "ServiceRequest:patient", _revinclude: "Appointment:based-on", _sort: "authored", _count: 200,
  }));
  const mayBook = session.allows("Appointment", "c");
  return (
    <Stack gap="sm">
      <div>
        <Title order={1}>{t("ordersToBook")}</Title>
        <Text size="sm" c="dimmed">{t("ordersLead")}</Text>
      </div>
      <Loaded query={query} lines={6}>
        {(bundle) => {
          const orders = toBook(bundle);
          const patients = patientsIn(bundle);
          return (
            <>
              {!bundle.isWhole && <Text role="status">{t("tooManyOrders")}</Text>}
              {orders.length === 0 ? <Empty title={t("ordersNone")} /> : (
                <Table className="fs-cards" bg="var(--mantine-color-body)" aria-label={t("ordersToBook")}>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th scope="col">{t("patient")}</Table.Th>
                      <Table.Th scope="col">{t("examination")}</Table.Th>
                      <Table.Th scope="col">{t("priority")}</Table.Th>
                      <Table.Th scope="col">{t("ordered")}</Table.Th>
                      <Table.Th scope="col"><span className="fs-hidden">{t("actions")}</span></Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {orders.map((order) => {
                      const patient = patients.get(idIn(order.subject.reference, "Patient") ?? "");
                      const urgency = order.priority ?? "routine";
                      const name = formalName(patient?.name) || t("noName");
                      return (
                        <Table.Tr key={order.id}>
                          <Table.Td>
                            <Text fw={600} size="sm">{name}</Text>
                            {patient !== undefined && <Text size="sm" c="dimmed">{[`${t("born")} ${patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate)}`, recordNumber(patient.identifier)].filter(Boolean).join(" · ")}</Text>}
                          </Table.Td>
                          <Table.Td data-label={t("examination")}>{words(order.code)}</Table.Td>
                          <Table.Td data-label={t("priority")}>
                            <Text size="sm" inherit fw={urgency === "routine" ? undefined : 700} c={urgency === "stat" ? "var(--fs-critical)" : urgency === "routine" ? undefined : "var(--fs-warning)"}>{t(`orderPriority.${urgency}`)}</Text>
                          </Table.Td>
                          <Table.Td data-label={t("ordered")}>
                            <Text size="sm" inherit>{moment(order.authoredOn)}</Text>
                            <Text size="sm" c="dimmed">{[ago(order.authoredOn), order.requester?.display].filter(Boolean).join(" · ")}</Text>
                          </Table.Td>
                          <Table.Td>
                            {mayBook && <Button size="xs" disabled={rows.data === undefined} aria-label={t("findTimeOf", { what: words(order.code), name })} onClick={() => setBooking(order)}>{t("findTime")}</Button>}
                          </Table.Td>
                        </Table.Tr>
                      );
                    })}
                  </Table.Tbody>
                </Table>
              )}
            </>
          );
        }}
      </Loaded>
      <Suspense>
        {booking !== undefined && rows.data !== undefined && (
          <BookDialog start={{ rows: rowsFor(booking, rows.data.rows), day: dayOf(shown(new Date())), order: booking }} rows={rows.data.rows} services={rows.data.services} onClose={() => setBooking(undefined)} />
        )}
      </Suspense>
    </Stack>
  );
}
