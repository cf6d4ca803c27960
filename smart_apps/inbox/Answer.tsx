import { Button, Group, Modal, Radio, SimpleGrid, Text, Textarea } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import type { Task } from "fhir/r4";
import { useEffect, useState } from "react";

import { FhirError } from "../shared/fhir/client.ts";
import { useChange } from "../shared/fhir/queries.ts";
import { time } from "../shared/format/dates.ts";
import { formalName } from "../shared/format/people.ts";
import { useDraft } from "../shared/forms/drafts.ts";
import { told } from "../shared/forms/saving.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { Failed } from "../shared/states/Failed.tsx";
import { ACTIONS, type Alert } from "./alerts.ts";
import { answered, receipted, type Answer as Given } from "./answering.ts";
import type { Earlier } from "./earlier.ts";
import { Identity } from "./Identity.tsx";
import { Meanwhile } from "./Meanwhile.tsx";
import { useMyself } from "./useMyself.ts";

/** Take an alert on, or finish it: what was done has to be chosen. */
export default function Answer({ alert, earlier, onClose }: { alert: Alert; earlier?: Earlier; onClose: () => void }) {
  const { t } = useTexts();
  // With what is to be answered and its buttons it needs the whole of a phone.
  const isPhone = useMediaQuery("(max-width: 47.99em)");
  const { fhir, session } = useSmart();
  const me = session.grant.fhirUser ?? "";
  const myself = useMyself();
  const [values, setValues] = useState({ action: "", note: "" });
  const [isMissing, setMissing] = useState(false);
  const draft = useDraft(`alert ${alert.id}`, values, setValues, values.note !== "");
  const isTaken = alert.state === "taken";
  useEffect(() => {
    void receipted(fhir, alert, myself).catch(() => undefined);
  }, [alert, fhir, myself]);

  const answer = useChange<{ status: Given["status"]; over?: Task }, unknown>(["Task"], (client, given) =>
    client.update(answered(given.over ?? alert.task, { status: given.status, ...values }, me)),
  );
  const send = (status: Given["status"], over?: Task) => {
    if (values.action === "") {
      setMissing(true);
      return;
    }
    answer.mutate({ status, over }, {
      onSuccess: () => {
        void draft.clear();
        told(t(status === "completed" ? "toldDone" : "toldTaken", { name: formalName(alert.patient?.name) }));
        onClose();
      },
    });
  };
  const isConflict = answer.error instanceof FhirError && answer.error.isConflict;
  return (
    <Modal opened onClose={onClose} size="lg" fullScreen={isPhone} title={isTaken ? t("finish") : t("answerTitle")} closeButtonProps={{ "aria-label": t("close") }}>
      <Identity alert={alert} earlier={earlier} />
      {isConflict && <Meanwhile alert={alert} onKeep={(current) => send(answer.variables?.status ?? "accepted", current)} onClose={onClose} />}
      {answer.isError && !isConflict && <Failed error={answer.error} />}
      <Radio.Group
        label={t("whatDone")} required value={values.action} error={isMissing && values.action === "" ? t("whatDoneMissing") : undefined}
        onChange={(action) => setValues({ ...values, action })}
      >
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" my="xs">
          {ACTIONS.map((action) => <Radio key={action} value={action} label={t(`action.${action}`)} />)}
        </SimpleGrid>
      </Radio.Group>
      <Textarea label={t("note")} autosize minRows={2} value={values.note} onChange={(event) => setValues({ ...values, note: event.currentTarget.value })} />
      {draft.keptAt !== undefined && <Text size="xs" c="dimmed">{t("draftKept", { time: time(draft.keptAt) })}</Text>}
      {draft.restoredAt !== undefined && <Text size="xs" c="dimmed">{t("draftBack", { time: time(draft.restoredAt) })}</Text>}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
        {!isTaken && <Button variant="default" loading={answer.isPending && answer.variables.status === "accepted"} disabled={answer.isPending} onClick={() => send("accepted")}>{t("takeOn")}</Button>}
        <Button loading={answer.isPending && answer.variables.status === "completed"} disabled={answer.isPending} onClick={() => send("completed")}>{t("finished")}</Button>
      </Group>
      <Text size="xs" c="dimmed" mt="xs" ta="end">{isTaken ? "" : t("takeOnMeans")}</Text>
    </Modal>
  );
}
