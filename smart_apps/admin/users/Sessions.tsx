import { Button, Card, Stack, Table, Text, Title } from "@mantine/core";
import { useState } from "react";

import { useAsk, useChange } from "../../shared/fhir/queries.ts";
import { moment } from "../../shared/format/dates.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { Confirm } from "../people/Confirm.tsx";
import { shownName, type User } from "../people/users.ts";

interface Session {
  id: string;
  methods: string[];
  started: string;
  seen: string;
  address: string | null;
  agent: string | null;
}

/** Where an account is signed in, and ending that. */
export function Sessions({ user, mayChange }: { user: User; mayChange: boolean }) {
  const { t } = useTexts();
  const query = useAsk<Session[]>(["Session"], ["sessions", user.id], async (fhir) => (await fhir.other<{ sessions: Session[] }>(`/admin/users/${user.id}/sessions`)).sessions);
  const [isAsked, setAsked] = useState(false);
  return (
    <Card component="section" aria-labelledby="sessions">
      <Title order={2} id="sessions" mb="xs">{t("sessions")}</Title>
      <Loaded query={query} lines={2}>
        {(sessions) => sessions.length === 0 ? <Text>{t("noSessions")}</Text> : (
          <Stack gap="xs">
            <Table className="fs-cards" aria-label={t("sessions")}>
              <Table.Thead><Table.Tr><Table.Th scope="col">{t("sessionFrom")}</Table.Th><Table.Th scope="col">{t("sessionStarted")}</Table.Th><Table.Th scope="col">{t("sessionSeen")}</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {sessions.map((session) => (
                  <Table.Tr key={session.id}>
                    <Table.Th scope="row" fw={400}>{session.address ?? t("notKnown")}<Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>{session.agent}</Text></Table.Th>
                    <Table.Td data-label={t("sessionStarted")}>{moment(session.started)}</Table.Td>
                    <Table.Td data-label={t("sessionSeen")}>{moment(session.seen)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
            {mayChange && <Button w="fit-content" variant="default" onClick={() => setAsked(true)}>{t("endSessionsDots")}</Button>}
          </Stack>
        )}
      </Loaded>
      {isAsked && <End user={user} onClose={() => setAsked(false)} />}
    </Card>
  );
}

function End({ user, onClose }: { user: User; onClose: () => void }) {
  const { t } = useTexts();
  const name = shownName(user);
  const end = useChange<undefined, { ended: number }>(["Session"], (fhir) => fhir.other(`/admin/users/${user.id}/sessions`, { method: "DELETE" }));
  return (
    <Confirm title={t("endSessionsTitle", { name })} action={t("endSessions")} isDanger isBusy={end.isPending} error={end.error} onClose={onClose} onDo={() => end.mutate(undefined, { onSuccess: ({ ended }) => { told(t("sessionsEnded", { n: ended })); onClose(); } })}>
      <Text>{t("endSessionsText", { name })}</Text>
    </Confirm>
  );
}
