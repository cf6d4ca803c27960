import { Alert, Button, Group, Modal, Radio, Stack, Table, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { Patient } from "fhir/r4";
import { useState, type ReactNode } from "react";

import { day } from "../../shared/format/dates.ts";
import { formalName, recordNumber } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import type { Difference, Merge } from "./threeWay.ts";
import { partWords } from "./words.ts";

type Choices = Record<string, "theirs" | "mine">;

/**
 * Somebody else has changed the patient meanwhile: what is stored now beside what was typed. Only what both have changed is asked.
 *
 * `into` is the record that is used now, when this one was merged into another meanwhile.
 */
export default function MergeDialog({ merge, into, onSave, onClose }: { merge: Merge; into?: Patient; onSave: (choices: Choices) => void; onClose: () => void }) {
  const { t, language } = useTexts();
  const [choices, setChoices] = useState<Choices>({});
  const [isTried, setTried] = useState(false);
  const words = (part: Difference["mine"]) => <bdi>{partWords(part, t, language)}</bdi>;
  const isWhole = merge.asked.every((one) => choices[one.key] !== undefined);
  const save = () => {
    setTried(true);
    if (isWhole) onSave(choices);
  };
  return (
    <Modal opened onClose={onClose} title={t(into === undefined ? "conflictTitle" : "mergedTitle")} size="xl" closeOnClickOutside={false} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack gap="sm">
        {into === undefined
          ? <Text size="sm">{t("mergeText")}</Text>
          : <Alert color="yellow" icon={<IconAlertTriangle aria-hidden />}>{t("mergedText", { name: formalName(into.name), born: into.birthDate === undefined ? t("notKnown") : day(into.birthDate), number: recordNumber(into.identifier) ?? t("notKnown") })}</Alert>}
        <Table className="fs-cards" aria-label={t("bothVersions")}>
          <Table.Thead>
            <Table.Tr><Table.Th scope="col">{t("fieldColumn")}</Table.Th><Table.Th scope="col">{t("conflictBefore")}</Table.Th><Table.Th scope="col">{t("conflictTheirs")}</Table.Th><Table.Th scope="col">{t("conflictMine")}</Table.Th></Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {merge.asked.map((one) => {
              const name = t(`element.${one.element}`);
              const choice = (of: "theirs" | "mine") => (
                <Radio name={one.key} value={of} checked={choices[one.key] === of} label={words(one[of])} aria-label={t("takeOf", { which: t(of === "theirs" ? "conflictTheirs" : "conflictMine"), field: name, value: partWords(one[of], t, language) })}
                  onChange={() => setChoices((before) => ({ ...before, [one.key]: of }))} />
              );
              return (
                <Table.Tr key={one.key}>
                  <Table.Th scope="row">{name}{isTried && choices[one.key] === undefined && <Text size="xs" c="var(--fs-critical)">{t("choose")}</Text>}</Table.Th>
                  <Table.Td data-label={t("conflictBefore")}>{words(one.base)}</Table.Td>
                  <Table.Td data-label={t("conflictTheirs")}>{choice("theirs")}</Table.Td>
                  <Table.Td data-label={t("conflictMine")}>{choice("mine")}</Table.Td>
                </Table.Tr>
              );
            })}
            {into === undefined && merge.theirs.map((one) => <Settled key={one.key} one={one} of="theirs" words={words} />)}
            {merge.mine.map((one) => <Settled key={one.key} one={one} of="mine" words={words} />)}
          </Table.Tbody>
        </Table>
        {isTried && !isWhole && <Alert role="alert" color="red">{t("chooseAll")}</Alert>}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("backToForm")}</Button>
          <Button onClick={save}>{t("mergeSave")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** What only one of the two has changed stands without a question. */
function Settled({ one, of, words }: { one: Difference; of: "theirs" | "mine"; words: (part: Difference["mine"]) => ReactNode }) {
  const { t } = useTexts();
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400}>{t(`element.${one.element}`)}</Table.Th>
      <Table.Td data-label={t("conflictBefore")}>{words(one.base)}</Table.Td>
      <Table.Td data-label={t("conflictTheirs")} fw={of === "theirs" ? 700 : 400}>{of === "theirs" ? <>✓ {words(one.theirs)}</> : words(one.theirs)}</Table.Td>
      <Table.Td data-label={t("conflictMine")} fw={of === "mine" ? 700 : 400}>{of === "mine" ? <>✓ {words(one.mine)}</> : words(one.mine)}</Table.Td>
    </Table.Tr>
  );
}
