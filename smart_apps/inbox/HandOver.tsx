import { Button, Group, Modal, Radio, Select, Stack, Text, Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { Practitioner, Task } from "fhir/r4";
import { useState } from "react";

import { resourcesOf } from "../shared/fhir/bundle.ts";
import { FhirError } from "../shared/fhir/client.ts";
import { useChange, useSearch } from "../shared/fhir/queries.ts";
import { formalName, plainName } from "../shared/format/people.ts";
import { told } from "../shared/forms/saving.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { Failed } from "../shared/states/Failed.tsx";
import type { Alert } from "./alerts.ts";
import { handingOver, passedOn } from "./answering.ts";
import { Identity } from "./Identity.tsx";
import { Meanwhile } from "./Meanwhile.tsx";

const MOST = 20;

/** Not mine: to the next who is responsible, or to somebody by name. */
export default function HandOver({ alert, me, onClose }: { alert: Alert; me: readonly string[]; onClose: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const myself = session.grant.fhirUser ?? "";
  const [way, setWay] = useState("next");
  const [to, setTo] = useState<string | null>(null);
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const [isMissing, setMissing] = useState(false);
  const [asked] = useDebouncedValue(typed.trim(), 200);
  const people = useSearch<Practitioner>("Practitioner", way === "named" && session.allows("Practitioner", "s") ? { active: true, _count: MOST, _sort: "family", ...(asked === "" || to !== null ? {} : { name: asked.split(/[\s,]+/) }) } : undefined, { keep: true });
  const found = resourcesOf<Practitioner>(people.data, "Practitioner").filter((one) => !me.includes(`Practitioner/${one.id ?? ""}`));
  const change = useChange<Task | undefined, unknown>(["Task", "Communication"], (fhir, over) => {
    const current = over ?? alert.task;
    return way === "next" ? fhir.update(passedOn(current, reason.trim(), myself)) : fhir.transaction(handingOver({ ...alert, task: current }, to ?? "", reason, myself));
  });
  const send = (over?: Task) => {
    if (way === "named" && to === null) {
      setMissing(true);
      return;
    }
    change.mutate(over, {
      onSuccess: () => {
        told(t("toldHanded", { name: formalName(alert.patient?.name) }));
        onClose();
      },
    });
  };
  const isConflict = change.error instanceof FhirError && change.error.isConflict;
  return (
    <Modal opened onClose={onClose} size="lg" title={t("handOverTitle")} closeButtonProps={{ "aria-label": t("close") }}>
      <Identity alert={alert} />
      {isConflict && <Meanwhile alert={alert} onKeep={send} onClose={onClose} />}
      {change.isError && !isConflict && <Failed error={change.error} />}
      <Radio.Group label={t("toWhom")} value={way} onChange={setWay}>
        <Stack gap="xs" my="xs">
          <Radio value="next" label={alert.nextName === "" ? t("toNext") : t("toNextNamed", { name: alert.nextName })} description={t("toNextMeans")} />
          <Radio value="named" label={t("toNamed")} description={t("toNamedMeans")} />
        </Stack>
      </Radio.Group>
      {way === "named" && (
        <Select
          comboboxProps={{ withinPortal: false, middlewares: { flip: false } }}
          label={t("colleague")} required searchable clearable error={isMissing && to === null ? t("required") : undefined}
          value={to} onChange={setTo} onSearchChange={setTyped} nothingFoundMessage={people.isFetching ? t("loading") : t("nothingFound")}
          data={found.map((one) => ({ value: `Practitioner/${one.id ?? ""}`, label: plainName(one.name) }))} filter={({ options }) => options} mb="sm"
        />
      )}
      <Textarea label={t("reason")} autosize minRows={2} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
      <Text size="xs" c="dimmed" mt="xs">{t("stillYours")}</Text>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
        <Button loading={change.isPending} onClick={() => send()}>{t("handOver")}</Button>
      </Group>
    </Modal>
  );
}
