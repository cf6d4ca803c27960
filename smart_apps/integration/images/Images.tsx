import { Badge, Button, Stack, Table, Text, Title } from "@mantine/core";
import { Suspense, useState } from "react";

import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import type { ImageConflict, ImageQuestion, ImageSender } from "../answers.ts";
import { usePolled } from "../asking.ts";

const Decide = part(() => import("./Decide.tsx"));

/** Images: who sends them, which came twice and differ, and which studies are nobody's. */
export default function Images() {
  const { t } = useTexts();
  const senders = usePolled<{ senders: ImageSender[] }>("/dicom/senders");
  const conflicts = usePolled<{ conflicts: ImageConflict[]; isCut: boolean }>("/dicom/conflicts");
  const questions = usePolled<{ questions: ImageQuestion[]; isCut: boolean }>("/dicom/questions");
  const [open, setOpen] = useState<ImageConflict>();
  return (
    <Stack gap="lg">
      <div>
        <Title order={1}>{t("place.images")}</Title>
        <Text size="sm" c="dimmed">{t("imagesText")}</Text>
      </div>
      <section aria-label={t("conflicts")}>
        <Title order={2}>{t("conflicts")}</Title>
        <Text size="sm" c="dimmed" mb="xs">{t("conflictsText")}</Text>
        <Loaded query={conflicts} lines={4}>{(said) => <><Conflicts conflicts={said.conflicts} onDecide={setOpen} />{said.isCut && <Text c="dimmed">{t("cutList")}</Text>}</>}</Loaded>
      </section>
      <section aria-label={t("nobodys")}>
        <Title order={2}>{t("nobodys")}</Title>
        <Text size="sm" c="dimmed" mb="xs">{t("nobodysText")}</Text>
        <Loaded query={questions} lines={4}>{(said) => <><Questions questions={said.questions} />{said.isCut && <Text c="dimmed">{t("cutList")}</Text>}</>}</Loaded>
      </section>
      <section aria-label={t("imageSenders")}>
        <Title order={2} mb="xs">{t("imageSenders")}</Title>
        <Loaded query={senders} lines={4}>{(said) => <Senders senders={said.senders} />}</Loaded>
      </section>
      <Suspense>{open !== undefined && <Decide conflict={open} onClose={() => setOpen(undefined)} />}</Suspense>
    </Stack>
  );
}

function Conflicts({ conflicts, onDecide }: { conflicts: ImageConflict[]; onDecide: (conflict: ImageConflict) => void }) {
  const { t } = useTexts();
  if (conflicts.length === 0) return <Empty title={t("noConflicts")} />;
  return (
    <Table className="fs-cards" verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr><Table.Th scope="col">{t("instance")}</Table.Th><Table.Th scope="col">{t("sender")}</Table.Th><Table.Th scope="col">{t("received")}</Table.Th><Table.Th scope="col">{t("action")}</Table.Th></Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {conflicts.map((one) => (
          <Table.Tr key={one.number}>
            <Table.Th scope="row" fw={400}>{one.instance}<Text size="xs" c="dimmed">{t("ofStudy", { study: one.study })}</Text></Table.Th>
            <Table.Td data-label={t("sender")}>{one.other.sender}</Table.Td>
            <Table.Td data-label={t("received")}>{moment(one.other.received)}</Table.Td>
            <Table.Td data-label={t("action")}><Button size="xs" aria-label={t("decideOf", { instance: one.instance })} onClick={() => onDecide(one)}>{t("decideDots")}</Button></Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Questions({ questions }: { questions: ImageQuestion[] }) {
  const { t } = useTexts();
  if (questions.length === 0) return <Empty title={t("noQuestions")} />;
  return (
    <Table className="fs-cards" verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr><Table.Th scope="col">{t("study")}</Table.Th><Table.Th scope="col">{t("sender")}</Table.Th><Table.Th scope="col">{t("since")}</Table.Th><Table.Th scope="col">{t("whyWaiting")}</Table.Th></Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {questions.map((one) => (
          <Table.Tr key={one.id}>
            <Table.Th scope="row" fw={400}>{one.study ?? one.imagingStudy}</Table.Th>
            <Table.Td data-label={t("sender")}>{one.sender ?? t("notKnown")}</Table.Td>
            <Table.Td data-label={t("since")}>{moment(one.changed)}</Table.Td>
            <Table.Td data-label={t("whyWaiting")}>{one.reasons.map(({ code }) => t(`imageReason.${code}`)).join("; ")}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Senders({ senders }: { senders: ImageSender[] }) {
  const { t } = useTexts();
  if (senders.length === 0) return <Empty title={t("noImageSenders")}>{t("noImageSendersText")}</Empty>;
  return (
    <Table className="fs-cards" verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr><Table.Th scope="col">{t("sender")}</Table.Th><Table.Th scope="col">{t("aeTitle")}</Table.Th><Table.Th scope="col">{t("rate")}</Table.Th><Table.Th scope="col">{t("lastImage")}</Table.Th><Table.Th scope="col">{t("entry")}</Table.Th></Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {senders.map((one) => (
          <Table.Tr key={one.id}>
            <Table.Th scope="row">{one.name === "" ? t("unknownSender") : one.name}</Table.Th>
            <Table.Td data-label={t("aeTitle")}>{one.aeTitle ?? ""}</Table.Td>
            <Table.Td data-label={t("rate")}>{t("perHour", { n: one.lastHour })}{one.conflicts > 0 && <Text size="xs">{t("conflictCount", { n: one.conflicts })}</Text>}</Table.Td>
            <Table.Td data-label={t("lastImage")}>{one.last === undefined ? t("notLately") : moment(one.last)}</Table.Td>
            <Table.Td data-label={t("entry")}><Entry sender={one} /></Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** What the entry of a sender lacks. */
function Entry({ sender }: { sender: ImageSender }) {
  const { t } = useTexts();
  if (!sender.isEntered) return <Badge variant="light" color="yellow">{t("notEntered")}</Badge>;
  const lacks = [sender.hasPatientSystem === false ? t("noPatientSystem") : "", sender.isBound === false ? t("notBound") : ""].filter((text) => text !== "");
  return lacks.length === 0 ? <>{t("complete")}</> : <Stack gap={2}>{lacks.map((text) => <Text key={text} size="sm">{text}</Text>)}</Stack>;
}
