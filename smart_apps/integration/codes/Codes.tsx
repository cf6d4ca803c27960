import { Anchor, Button, Group, NativeSelect, Stack, Table, Text, Title } from "@mantine/core";
import { Suspense, useState } from "react";
import { Link, useSearchParams } from "wouter";

import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import type { Question } from "../answers.ts";
import { usePolled, useSenderName, useSenders } from "../asking.ts";

const Answer = part(() => import("./Answer.tsx"));
const STATES = ["open", "answered", "closed"] as const;

/** Codes that no table translates: what they mean is asked here, the most frequent first. */
export default function Codes() {
  const { t } = useTexts();
  const [query, setQuery] = useSearchParams();
  const senders = useSenders().data?.senders ?? [];
  const state = STATES.find((one) => one === query.get("state")) ?? "open";
  const sender = query.get("sender") ?? "";
  const codes = usePolled<{ codes: Question[] }>("/hl7v2/codes", { state, sender }, { keep: true });
  const [open, setOpen] = useState<Question>();
  return (
    <Stack gap="md">
      <div>
        <Title order={1}>{t("place.codes")}</Title>
        <Text size="sm" c="dimmed">{t("codesText")}</Text>
      </div>
      <Group gap="xs" align="end" role="search" aria-label={t("filter")}>
        <NativeSelect label={t("stateWord")} value={state} onChange={(event) => setQuery({ state: event.currentTarget.value, sender })} data={STATES.map((one) => ({ value: one, label: t(`codeState.${one}`) }))} />
        <NativeSelect label={t("sender")} value={sender} onChange={(event) => setQuery({ state, sender: event.currentTarget.value })} data={[{ value: "", label: t("everySender") }, ...senders.map((one) => ({ value: one.id, label: one.name }))]} />
      </Group>
      <Loaded query={codes} lines={8}>
        {({ codes: found }) => found.length === 0
          ? <Empty title={t(`noCodes.${state}`)} />
          : (
            <Table className="fs-cards" aria-label={t("place.codes")} verticalSpacing="xs">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th scope="col">{t("codeWord")}</Table.Th><Table.Th scope="col">{t("sender")}</Table.Th><Table.Th scope="col">{t("met")}</Table.Th>
                  <Table.Th scope="col">{t("lastMet")}</Table.Th><Table.Th scope="col">{t("meaning")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>{found.map((one) => <Row key={one.id} question={one} onAnswer={() => setOpen(one)} />)}</Table.Tbody>
            </Table>
          )}
      </Loaded>
      <Suspense>{open !== undefined && <Answer question={open} onClose={() => setOpen(undefined)} />}</Suspense>
    </Stack>
  );
}

function Row({ question, onAnswer }: { question: Question; onAnswer: () => void }) {
  const { t } = useTexts();
  const nameOf = useSenderName();
  const { answer } = question;
  const isClosed = question.status !== "completed" && answer === undefined && ["rejected", "cancelled", "failed"].includes(question.status);
  return (
    <Table.Tr>
      <Table.Th scope="row">{question.code}{question.text !== undefined && <Text size="sm">{question.text}</Text>}<Text size="xs" c="dimmed">{question.vocabulary}</Text></Table.Th>
      <Table.Td data-label={t("sender")}>{nameOf(question.sender)}</Table.Td>
      <Table.Td data-label={t("met")}>{t("inMessages", { n: question.count })}<Text size="xs" c="dimmed">{question.positions.join(", ")}</Text></Table.Td>
      <Table.Td data-label={t("lastMet")}>{question.last === undefined ? "" : moment(question.last)}{question.newest !== undefined && <div><Anchor component={Link} href={`/messages/${question.newest}`}>{t("messageNumber", { n: question.newest })}</Anchor></div>}</Table.Td>
      <Table.Td data-label={t("meaning")}>
        {answer !== undefined && <div><strong>{answer.code}</strong> {answer.display}<Text size="xs" c="dimmed">{answer.system}</Text></div>}
        {isClosed ? t("hasNoMeaning") : <Button size="xs" variant={answer === undefined ? "filled" : "default"} aria-label={t(answer === undefined ? "answerOf" : "correctOf", { code: question.code })} onClick={onAnswer}>{t(answer === undefined ? "answerDots" : "correctDots")}</Button>}
      </Table.Td>
    </Table.Tr>
  );
}
