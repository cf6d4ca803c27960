import { Anchor, Stack, Table, Text } from "@mantine/core";
import type { AuditEvent } from "fhir/r4";
import { Link } from "wouter";

import { allPages, type Found } from "../../shared/fhir/pages.ts";
import { useAsk } from "../../shared/fhir/queries.ts";
import { time } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { useKinds } from "../trail/sentence.ts";
import { seenIn, type Review } from "./reviews.ts";

/** What was seen and changed in the patient's record while it was open, and the way to each single event. */
export default function Opened({ review }: { review: Review }) {
  const { t } = useTexts();
  const kindsOf = useKinds();
  const { patientId, who, open } = review;
  const query = useAsk<Found<AuditEvent>>(["AuditEvent"], who === undefined || patientId === undefined ? undefined : ["opened", review.id], (fhir) =>
    allPages<AuditEvent>(fhir, "AuditEvent", { agent: who ?? "", patient: `Patient/${patientId ?? ""}`, date: [`ge${open.start}`, `le${open.end}`], _sort: "date", _count: 200 }));
  if (who === undefined || patientId === undefined) return <Empty title={t("openedUnknown")} />;
  const link = `/trail?${new URLSearchParams({ who, patient: patientId, from: open.start, to: open.end })}`;
  return (
    <Loaded query={query} lines={4}>
      {(found) => {
        const seen = seenIn(found.resources);
        return (
          <Stack gap="xs">
            {seen.length === 0 ? <Text>{t("openedNothing")}</Text> : (
              <Table className="fs-cards" aria-label={t("opened")}>
                <Table.Thead>
                  <Table.Tr><Table.Th scope="col">{t("whatKind")}</Table.Th><Table.Th scope="col">{t("howOften")}</Table.Th><Table.Th scope="col">{t("when")}</Table.Th></Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {seen.map((one) => (
                    <Table.Tr key={`${one.type} ${String(one.isChange)}`}>
                      <Table.Th scope="row" fw={400}>{t(one.isChange ? "seenChanged" : "seenRead", { what: kindsOf([one.type]) })}</Table.Th>
                      <Table.Td data-label={t("howOften")}>{t("times", { n: one.times })}</Table.Td>
                      <Table.Td data-label={t("when")}>{time(one.first) === time(one.last) ? time(one.first) : `${time(one.first)}–${time(one.last)}`}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            )}
            {found.isCut && <Text role="status">{t("openedCut")}</Text>}
            <Anchor component={Link} href={link}>{t("eachEvent")}</Anchor>
          </Stack>
        );
      }}
    </Loaded>
  );
}
