import { Anchor, Button, Group, NativeSelect, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useState, type SubmitEvent } from "react";
import { Link, useSearchParams } from "wouter";

import { moment } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { STATES, type Found, type Head } from "../answers.ts";
import { usePolled, useSenderName, useSenders } from "../asking.ts";
import { StateBadge } from "../StateBadge.tsx";
import { askedFor, filterIn, NAMES, type Filter } from "./filter.ts";

const EMPTY = filterIn(new URLSearchParams());

/** Messages that came, the newest first, narrowed down by the filter in the address. */
export default function Messages() {
  const { t } = useTexts();
  const [query, setQuery] = useSearchParams();
  const filter = filterIn(query);
  const address = query.toString();
  const choose = (chosen: Filter) => setQuery(new URLSearchParams(NAMES.filter((name) => chosen[name] !== "").map((name) => [name, chosen[name]])));
  return (
    <Stack gap="md">
      <div>
        <Title order={1}>{t("place.messages")}</Title>
        <Text size="sm" c="dimmed">{t("messagesText")}</Text>
      </div>
      <FilterForm key={address} filter={filter} onChange={choose} />
      <List key={`of ${address}`} filter={filter} onAll={() => choose(EMPTY)} />
    </Stack>
  );
}

function FilterForm({ filter, onChange }: { filter: Filter; onChange: (filter: Filter) => void }) {
  const { t } = useTexts();
  const senders = useSenders().data?.senders ?? [];
  const [draft, setDraft] = useState(filter);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onChange(draft);
  };
  const set = (name: keyof Filter) => (event: { currentTarget: { value: string } }) => setDraft({ ...draft, [name]: event.currentTarget.value });
  const now = (name: keyof Filter) => (event: { currentTarget: { value: string } }) => onChange({ ...draft, [name]: event.currentTarget.value });
  const isUnlisted = filter.sender !== "" && !senders.some((one) => one.id === filter.sender);
  return (
    <form onSubmit={submit} role="search" aria-label={t("filter")}>
      <Group gap="xs" align="end">
        <NativeSelect label={t("sender")} value={draft.sender} onChange={now("sender")} data={[{ value: "", label: t("everySender") }, ...(isUnlisted ? [{ value: filter.sender, label: filter.sender }] : []), ...senders.map((one) => ({ value: one.id, label: one.name }))]} />
        <NativeSelect label={t("stateWord")} value={draft.state} onChange={now("state")} data={[{ value: "", label: t("everyState") }, { value: "waiting,written", label: t("waitingAll") }, ...STATES.map((state) => ({ value: state, label: t(`state.${state}`) }))]} />
        <TextInput label={t("event")} placeholder="ADT^A01" w="8rem" value={draft.event} onChange={set("event")} />
        <TextInput label={t("fromDay")} type="date" value={draft.from} onChange={set("from")} />
        <TextInput label={t("toDay")} type="date" value={draft.to} onChange={set("to")} />
        <TextInput label={t("patientId")} w="9rem" value={draft.patient} onChange={set("patient")} />
        <TextInput label={t("control")} w="9rem" value={draft.control} onChange={set("control")} />
        <TextInput label={t("content")} w="11rem" value={draft.content} onChange={set("content")} />
        <Button type="submit">{t("find")}</Button>
        {Object.values(filter).some((value) => value !== "") && <Button variant="default" onClick={() => onChange(EMPTY)}>{t("clear")}</Button>}
      </Group>
    </form>
  );
}

function List({ filter, onAll }: { filter: Filter; onAll: () => void }) {
  const { t } = useTexts();
  const nameOf = useSenderName();
  const [pages, setPages] = useState<readonly number[]>([]);
  // A search through texts is heavy, so it isn't repeated by itself.
  const found = usePolled<Found>("/hl7v2/messages", askedFor(filter, pages.at(-1)), { once: filter.content !== "", keep: true });
  return (
    <Loaded query={found} lines={12}>
      {({ messages, isCut }) => (
        <>
          {messages.length === 0
            ? <Empty title={t("noMessages")}>{isCut ? t("lookedThrough") : <Button variant="default" onClick={onAll}>{t("showAll")}</Button>}</Empty>
            : (
              <Table className="fs-cards" aria-label={t("place.messages")}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th scope="col">{t("number")}</Table.Th><Table.Th scope="col">{t("received")}</Table.Th><Table.Th scope="col">{t("event")}</Table.Th>
                    <Table.Th scope="col">{t("sender")}</Table.Th><Table.Th scope="col">{t("stateWord")}</Table.Th><Table.Th scope="col">{t("reason")}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>{messages.map((one) => <Row key={one.id} head={one} sender={nameOf(one.sender)} />)}</Table.Tbody>
              </Table>
            )}
          <Group mt="sm">
            {pages.length > 0 && <Button variant="default" onClick={() => setPages(pages.slice(0, -1))}>{t("previousPage")}</Button>}
            {isCut && messages.length > 0 && <Button variant="default" onClick={() => setPages([...pages, messages.at(-1)?.id ?? 0])}>{t("older")}</Button>}
          </Group>
        </>
      )}
    </Loaded>
  );
}

function Row({ head, sender }: { head: Head; sender: string }) {
  const { t } = useTexts();
  return (
    <Table.Tr>
      <Table.Th scope="row"><Anchor component={Link} href={`/messages/${head.id}`}>{t("messageNumber", { n: head.id })}</Anchor></Table.Th>
      <Table.Td data-label={t("received")}>{moment(head.received)}</Table.Td>
      <Table.Td data-label={t("event")}>{head.event ?? t("notKnown")}</Table.Td>
      <Table.Td data-label={t("sender")}>{sender === "" ? t("unknownSender") : sender}</Table.Td>
      <Table.Td data-label={t("stateWord")}><StateBadge state={head.state} /></Table.Td>
      <Table.Td data-label={head.reason === undefined ? undefined : t("reason")}>{head.reason}</Table.Td>
    </Table.Tr>
  );
}
