import { Anchor, Badge, Button, Group, NativeSelect, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useState, type SubmitEvent } from "react";
import { Link, useSearchParams } from "wouter";

import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { SENT_STATES, type Receiver, type SentHead } from "../answers.ts";
import { usePolled } from "../asking.ts";
import { lasting } from "../duration.ts";
import { useReceivers } from "./useSent.ts";
import { SentBadge } from "./SentBadge.tsx";

const A_PAGE = 50;
const NAMES = ["receiver", "state", "control", "about"] as const;
type Filter = Record<(typeof NAMES)[number], string>;

/** What goes out: how the receivers stand, and the messages, the newest first. */
export default function Sent() {
  const { t } = useTexts();
  const [query, setQuery] = useSearchParams();
  const filter = Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? ""])) as Filter;
  const address = query.toString();
  const choose = (chosen: Partial<Filter>) => setQuery(new URLSearchParams(Object.entries({ ...filter, ...chosen }).filter(([, value]) => value !== "")));
  return (
    <Stack gap="lg">
      <div>
        <Title order={1}>{t("place.sent")}</Title>
        <Text size="sm" c="dimmed">{t("sentText")}</Text>
      </div>
      <Receivers onChoose={(receiver, state) => choose({ receiver, state })} />
      <section aria-label={t("messagesOut")}>
        <Title order={2} mb="xs">{t("messagesOut")}</Title>
        <FilterForm key={address} filter={filter} onChange={choose} />
        <List key={`of ${address}`} filter={filter} />
      </section>
    </Stack>
  );
}

function Receivers({ onChoose }: { onChoose: (receiver: string, state: string) => void }) {
  const { t } = useTexts();
  const receivers = useReceivers();
  return (
    <section aria-label={t("receivers")}>
      <Title order={2} mb="xs">{t("receivers")}</Title>
      <Loaded query={receivers} lines={4}>
        {({ receivers: found }) => found.length === 0 ? <Empty title={t("noReceivers")}>{t("noReceiversText")}</Empty> : (
          <Table className="fs-cards" verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{t("receiver")}</Table.Th><Table.Th scope="col">{t("standing")}</Table.Th><Table.Th scope="col">{t("waiting")}</Table.Th>
                <Table.Th scope="col">{t("rejectedWord")}</Table.Th><Table.Th scope="col">{t("lastError")}</Table.Th><Table.Th scope="col">{t("lastAccepted")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>{found.map((one) => <ReceiverRow key={one.id} receiver={one} onChoose={onChoose} />)}</Table.Tbody>
          </Table>
        )}
      </Loaded>
    </section>
  );
}

function ReceiverRow({ receiver, onChoose }: { receiver: Receiver; onChoose: (receiver: string, state: string) => void }) {
  const { t } = useTexts();
  const isStopped = (receiver.stopped ?? 0) > 0;
  const isFailing = (receiver.attempts ?? 0) > 0 && receiver.lastError !== undefined;
  const rejected = receiver.rejected ?? 0;
  return (
    <Table.Tr>
      <Table.Th scope="row"><Anchor component="button" type="button" fw={600} onClick={() => onChoose(receiver.id, "")}>{receiver.name}</Anchor>{!receiver.isEntered && <Text size="xs" c="dimmed">{t("notEntered")}</Text>}</Table.Th>
      <Table.Td data-label={t("standing")}><Badge variant="light" color={isStopped ? "red" : isFailing ? "yellow" : "green"}>{t(isStopped ? "receives.stopped" : isFailing ? "receives.failing" : "receives.well")}</Badge></Table.Td>
      <Table.Td data-label={t("waiting")}>{t("changes", { n: receiver.queued })}{receiver.oldestSeconds !== undefined && <Text size="xs" c="dimmed">{t("oldest", { time: lasting(receiver.oldestSeconds) })}</Text>}</Table.Td>
      <Table.Td data-label={t("rejectedWord")}>{rejected === 0 ? "0" : <Anchor component="button" type="button" aria-label={t("rejectedOf", { n: rejected, receiver: receiver.name })} onClick={() => onChoose(receiver.id, "rejected")}>{rejected}</Anchor>}</Table.Td>
      <Table.Td data-label={t("lastError")}>{receiver.lastError?.replaceAll(receiver.id, receiver.name) ?? ""}{receiver.failed !== undefined && <Text size="xs" c="dimmed">{moment(receiver.failed)}</Text>}</Table.Td>
      <Table.Td data-label={t("lastAccepted")}>{receiver.lastAccepted === undefined ? t("never") : moment(receiver.lastAccepted)}</Table.Td>
    </Table.Tr>
  );
}

function FilterForm({ filter, onChange }: { filter: Filter; onChange: (filter: Partial<Filter>) => void }) {
  const { t } = useTexts();
  const receivers = useReceivers().data?.receivers ?? [];
  const [draft, setDraft] = useState(filter);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onChange(draft);
  };
  return (
    <form onSubmit={submit} role="search" aria-label={t("filter")}>
      <Group gap="xs" align="end" mb="sm">
        <NativeSelect label={t("receiver")} value={draft.receiver} onChange={(event) => onChange({ ...draft, receiver: event.currentTarget.value })} data={[{ value: "", label: t("everyReceiver") }, ...receivers.map((one) => ({ value: one.id, label: one.name }))]} />
        <NativeSelect label={t("stateWord")} value={draft.state} onChange={(event) => onChange({ ...draft, state: event.currentTarget.value })} data={[{ value: "", label: t("everyState") }, ...SENT_STATES.map((state) => ({ value: state, label: t(`sentState.${state}`) }))]} />
        <TextInput label={t("control")} value={draft.control} onChange={(event) => setDraft({ ...draft, control: event.currentTarget.value })} />
        <TextInput label={t("about")} placeholder="Encounter/1" value={draft.about} onChange={(event) => setDraft({ ...draft, about: event.currentTarget.value })} />
        <Button type="submit">{t("find")}</Button>
        {Object.values(filter).some((value) => value !== "") && <Button variant="default" onClick={() => onChange({ receiver: "", state: "", control: "", about: "" })}>{t("clear")}</Button>}
      </Group>
    </form>
  );
}

function List({ filter }: { filter: Filter }) {
  const { t } = useTexts();
  const receivers = useReceivers().data?.receivers ?? [];
  const [pages, setPages] = useState<readonly number[]>([]);
  const found = usePolled<{ messages: SentHead[] }>("/hl7v2/sent", { ...filter, before: pages.at(-1), _count: A_PAGE + 1 }, { keep: true });
  return (
    <Loaded query={found} lines={8}>
      {({ messages: all }) => {
        const messages = all.slice(0, A_PAGE);
        return (
          <>
            {messages.length === 0 ? <Empty title={t("noMessages")} /> : (
              <Table className="fs-cards" aria-label={t("place.sent")}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th scope="col">{t("number")}</Table.Th><Table.Th scope="col">{t("madeAt")}</Table.Th><Table.Th scope="col">{t("event")}</Table.Th><Table.Th scope="col">{t("receiver")}</Table.Th>
                    <Table.Th scope="col">{t("stateWord")}</Table.Th><Table.Th scope="col">{t("triesWord")}</Table.Th><Table.Th scope="col">{t("about")}</Table.Th><Table.Th scope="col">{t("reason")}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {messages.map((one) => (
                    <Table.Tr key={one.id}>
                      <Table.Th scope="row"><Anchor component={Link} href={`/sent/${one.id}`}>{t("messageNumber", { n: one.id })}</Anchor></Table.Th>
                      <Table.Td data-label={t("madeAt")}>{moment(one.made)}</Table.Td>
                      <Table.Td data-label={t("event")}>{one.event}</Table.Td>
                      <Table.Td data-label={t("receiver")}>{receivers.find((each) => each.id === one.receiver)?.name ?? one.receiver}</Table.Td>
                      <Table.Td data-label={t("stateWord")}><SentBadge state={one.state} /></Table.Td>
                      <Table.Td data-label={t("triesWord")}>{one.attempts}</Table.Td>
                      <Table.Td data-label={t("about")}>{one.about.split("/_history/")[0]}</Table.Td>
                      <Table.Td data-label={one.reason === undefined ? undefined : t("reason")}>{one.reason}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            )}
            <Group mt="sm">
              {pages.length > 0 && <Button variant="default" onClick={() => setPages(pages.slice(0, -1))}>{t("previousPage")}</Button>}
              {all.length > A_PAGE && <Button variant="default" onClick={() => setPages([...pages, messages.at(-1)?.id ?? 0])}>{t("older")}</Button>}
            </Group>
          </>
        );
      }}
    </Loaded>
  );
}
