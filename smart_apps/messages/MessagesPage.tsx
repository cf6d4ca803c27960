import { Button, Group, Switch, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPencilPlus, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "wouter";

import { useTexts } from "../shared/i18n/i18n.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { Empty } from "../shared/states/Empty.tsx";
import { Failed } from "../shared/states/Failed.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import { Announcing } from "./Announcing.tsx";
import classes from "./messages.module.css";
import { ThreadItem } from "./ThreadItem.tsx";
import { matches } from "./threads.ts";
import { ThreadView } from "./ThreadView.tsx";
import { useMyself } from "./useMyself.ts";
import { useThreads } from "./useThreads.ts";

const LEAST = 3;

/** Conversations beside the one that is open; on a phone one or the other. */
export function MessagesPage({ open }: { open?: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const me = useMyself();
  const [typed, setTyped] = useState("");
  const [isUnreadOnly, setUnreadOnly] = useState(false);
  const [asked] = useDebouncedValue(typed.trim(), 300);
  const { query, threads } = useThreads(me, {});
  // The server finds older messages than those that were read here.
  const found = useThreads(asked.length >= LEAST ? me : undefined, { _content: asked });
  const here = (threads ?? []).filter((one) => typed.trim() === "" || matches(one, typed));
  const further = (asked.length >= LEAST && typed.trim() !== "" ? (found.threads ?? []) : []).filter((one) => !here.some((other) => other.key === one.key));
  const shown = [...here, ...further].filter((one) => !isUnreadOnly || one.unread > 0 || one.key === open);

  return (
    <div className={classes.panes} data-open={open !== undefined}>
      <section className={classes.side} aria-label={t("conversations")}>
        <Group justify="space-between" mb="xs" wrap="nowrap">
          <Title order={1}>{t("conversations")}</Title>
          {session.allows("Communication", "c") && <Button component={Link} href="/new" leftSection={<IconPencilPlus size={18} aria-hidden />}>{t("newMessage")}</Button>}
        </Group>
        <TextInput aria-label={t("searchMessages")} placeholder={t("searchMessages")} leftSection={<IconSearch size={16} aria-hidden />} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} mb="xs" />
        <Group justify="space-between" mb="xs">
          <Switch label={t("unreadOnly")} checked={isUnreadOnly} onChange={(event) => setUnreadOnly(event.currentTarget.checked)} />
          <Announcing threads={threads} />
        </Group>
        {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
        {threads === undefined && !query.isError && <Loading lines={6} />}
        {threads !== undefined && shown.length === 0 && <Empty title={typed === "" && !isUnreadOnly ? t("noMessages") : t("nothingFound")} />}
        <ul className={classes.list}>
          {shown.map((one) => <ThreadItem key={one.key} thread={one} isOpen={one.key === open} />)}
        </ul>
        {query.hasNextPage && <Button mt="sm" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("older")}</Button>}
      </section>
      {open === undefined ? <div className={classes.thread}><Empty title={t("chooseOne")} /></div> : me === undefined ? <Loading /> : <ThreadView key={open} threadKey={open} me={me} />}
    </div>
  );
}
