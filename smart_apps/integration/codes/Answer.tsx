import { Alert, Autocomplete, Button, Group, Modal, Radio, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { Coding, Task } from "fhir/r4";
import { useState } from "react";

import { useAsk, useChange } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import type { Question } from "../answers.ts";
import { ABOUT, useSenderName } from "../asking.ts";
import { codesLike, systemsOf } from "./terminology.ts";

const PAUSE_MS = 300;
const NOTHING: Coding = {};

/** Says what a code means: one that FHIR allows there, or any of a code system. */
export default function Answer({ question, onClose }: { question: Question; onClose: () => void }) {
  const { t } = useTexts();
  const nameOf = useSenderName();
  const [coding, setCoding] = useState<Coding>(question.answer ?? NOTHING);
  const [isMissing, setMissing] = useState(false);
  const [isClosing, setClosing] = useState(false);
  const answer = useChange<Coding, unknown>([...ABOUT, "Task"], (fhir, { system = "", code = "", display = "" }) => fhir.other(`/hl7v2/codes/${question.id}/answer`, { method: "POST", body: question.allowed === undefined ? { system, code, display } : { code, display } }));
  const close = useChange<undefined, unknown>([...ABOUT, "Task"], async (fhir) => fhir.update<Task>({ ...(await fhir.read<Task>("Task", question.id)), status: "rejected" }));
  const isWhole = (coding.code ?? "") !== "" && (question.allowed !== undefined || (coding.system ?? "") !== "");
  const send = () => {
    if (isWhole) answer.mutate(coding, { onSuccess: () => { told(t("answeredCode", { code: question.code })); onClose(); } });
    else setMissing(true);
  };
  return (
    <Modal opened onClose={onClose} size="lg" title={t("answerTitle", { code: question.code, sender: nameOf(question.sender) })} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <Text>{[question.text, question.vocabulary, question.positions.join(", ")].filter(Boolean).join(" · ")}</Text>
        {question.allowed === undefined
          ? <OfSystem coding={coding} onChange={setCoding} />
          : <Radio.Group label={t("allowed")} value={coding.code ?? ""} onChange={(code) => setCoding({ code })}><Stack gap={6} mt={6}>{question.allowed.map((code) => <Radio key={code} value={code} label={code} />)}</Stack></Radio.Group>}
        {isMissing && !isWhole && <Text c="red" role="alert">{t(question.allowed === undefined ? "chooseCode" : "chooseAllowed")}</Text>}
        <Text size="sm" c="dimmed">{t("answerMeans")}</Text>
        {isClosing && (
          <Alert color="yellow" variant="light" role="alert">
            <Stack gap="xs">
              <Text size="sm">{t("noMeaningText")}</Text>
              <Group gap="xs">
                <Button size="xs" color="red" loading={close.isPending} onClick={() => close.mutate(undefined, { onSuccess: () => { told(t("closedCode", { code: question.code })); onClose(); } })}>{t("noMeaning")}</Button>
                <Button size="xs" variant="default" onClick={() => setClosing(false)}>{t("cancel")}</Button>
              </Group>
            </Stack>
          </Alert>
        )}
        {(answer.isError || close.isError) && <Failed error={answer.error ?? close.error} title={t("notDone")} />}
        <Group justify="space-between">
          {question.answer === undefined && !isClosing ? <Button variant="subtle" color="gray" onClick={() => setClosing(true)}>{t("noMeaningDots")}</Button> : <span />}
          <Group>
            <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
            <Button loading={answer.isPending} onClick={send}>{t("answerSend")}</Button>
          </Group>
        </Group>
      </Stack>
    </Modal>
  );
}

/** A code system, and a code in it: found by its name, or written where the server hasn't the system. */
function OfSystem({ coding, onChange }: { coding: Coding; onChange: (coding: Coding) => void }) {
  const { t } = useTexts();
  const [typed, setTyped] = useState("");
  const [words] = useDebouncedValue(typed.trim(), PAUSE_MS);
  const systems = useAsk<string[]>(["CodeSystem"], ["systems"], systemsOf);
  const system = coding.system ?? "";
  const isThere = systems.data?.includes(system) === true;
  const found = useAsk<Coding[]>(["CodeSystem"], isThere && words.length > 1 ? ["codes", system, words] : undefined, (fhir) => codesLike(fhir, system, words));
  return (
    <>
      <Autocomplete label={t("system")} required description={system === "" || isThere || systems.data === undefined ? t("systemHint") : t("systemElsewhere")} comboboxProps={{ withinPortal: false }} maxDropdownHeight={220} limit={30}
        data={systems.data ?? []} value={system} onChange={(chosen) => onChange({ system: chosen })} />
      {isThere && <TextInput label={t("searchCode")} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />}
      {isThere && words.length > 1 && (
        <Loaded query={found} lines={3}>
          {(codes) => codes.length === 0 ? <Text>{t("nothingFound")}</Text> : (
            <Radio.Group label={t("foundCodes")} value={coding.code ?? ""} onChange={(code) => onChange(codes.find((one) => one.code === code) ?? { system })}>
              <Stack gap={6} mt={6}>{codes.map((one) => <Radio key={one.code} value={one.code ?? ""} label={`${one.display ?? ""} (${one.code ?? ""})`} />)}</Stack>
            </Radio.Group>
          )}
        </Loaded>
      )}
      <Group grow align="start">
        <TextInput label={t("codeWord")} required value={coding.code ?? ""} onChange={(event) => onChange({ ...coding, code: event.currentTarget.value })} />
        <TextInput label={t("display")} value={coding.display ?? ""} onChange={(event) => onChange({ ...coding, display: event.currentTarget.value })} />
      </Group>
    </>
  );
}
