import { Badge, Button, Card, Group, Stack, Switch, Text, Title } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { CareTeam } from "fhir/r4";
import { Suspense, useState } from "react";

import type { Stored } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { usePages } from "../../shared/fhir/usePages.ts";
import { isoNow, moment } from "../../shared/format/dates.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import { Confirm } from "../people/Confirm.tsx";
import { useMayChange } from "../people/rights.ts";
import { ended, formerOf, membersOf, withoutMember } from "./teams.ts";

const NewTeam = part(() => import("./NewTeam.tsx"));
const AddMember = part(() => import("./AddMember.tsx"));

/** What is asked before it is done. */
interface Asked {
  team: Stored<CareTeam>;
  /** Who is to leave; without one the team ends. */
  member?: { reference: string; display: string };
}

/** Teams that are no patient's: who is in them, and so sees what is shared with them. */
export default function Teams() {
  const { t } = useTexts();
  const mayChange = useMayChange();
  const [isAll, setAll] = useState(false);
  const [isNew, setNew] = useState(false);
  const [adding, setAdding] = useState<Stored<CareTeam>>();
  const [asked, setAsked] = useState<Asked>();
  const { query, all } = usePages<Stored<CareTeam>>("CareTeam", { "subject:missing": true, ...(isAll ? {} : { status: "active" }), _sort: "-_lastUpdated", _count: 50 });
  const change = useChange<CareTeam, unknown>(["CareTeam"], (fhir, team) => fhir.update(team));
  const carryOut = ({ team, member }: Asked) => {
    change.mutate(member === undefined ? ended(team, isoNow()) : withoutMember(team, member.reference, isoNow()), {
      onSuccess: () => {
        told(member === undefined ? t("teamEnded", { name: team.name ?? "" }) : t("memberLeft", { who: member.display, name: team.name ?? "" }));
        setAsked(undefined);
      },
    });
  };
  const ask = (one: Asked) => {
    change.reset();
    setAsked(one);
  };
  const name = (team: CareTeam) => team.name ?? t("nameless");
  return (
    <Stack gap="md" maw={1080}>
      <Group justify="space-between">
        <div>
          <Title order={1}>{t("teams")}</Title>
          <Text c="dimmed">{t("teamsLead")}</Text>
        </div>
        {mayChange && <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setNew(true)}>{t("newTeam")}</Button>}
      </Group>
      <Switch label={t("teamsEndedToo")} checked={isAll} onChange={(event) => setAll(event.currentTarget.checked)} />
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading lines={6} />}
      {query.isSuccess && all.length === 0 && <Empty title={t("teamsNone")} />}
      {all.map((team) => (
        <Card key={team.id} component="section" aria-label={name(team)}>
          <Group justify="space-between" align="flex-start">
            <Title order={2} size="h4">{name(team)} {team.status !== "active" && <Badge variant="light" color="gray" tt="none">{t("teamIsOver")}</Badge>}</Title>
            {mayChange && team.status === "active" && (
              <Group gap="xs">
                <Button size="compact-sm" variant="default" onClick={() => setAdding(team)}>{t("addMember")}</Button>
                <Button size="compact-sm" variant="subtle" color="red" onClick={() => ask({ team })}>{t("endTeam")}</Button>
              </Group>
            )}
          </Group>
          <Members team={team} onLeave={mayChange && team.status === "active" ? (member) => ask({ team, member }) : undefined} />
        </Card>
      ))}
      {query.hasNextPage && <Button w="fit-content" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("moreTeams")}</Button>}
      <Suspense>
        {isNew && <NewTeam onClose={() => setNew(false)} />}
        {adding !== undefined && <AddMember team={adding} onClose={() => setAdding(undefined)} />}
      </Suspense>
      {asked !== undefined && (
        <Confirm
          title={asked.member === undefined ? t("endTeamOf", { name: name(asked.team) }) : t("leaveOf", { who: asked.member.display })} action={t(asked.member === undefined ? "endTeam" : "leave")} isDanger
          isBusy={change.isPending} error={change.error} onDo={() => carryOut(asked)} onClose={() => setAsked(undefined)}
        >
          <Text>{asked.member === undefined ? t("endTeamMeans") : t("leaveMeans", { who: asked.member.display, name: name(asked.team) })}</Text>
        </Confirm>
      )}
    </Stack>
  );
}

function Members({ team, onLeave }: { team: CareTeam; onLeave?: (member: { reference: string; display: string }) => void }) {
  const { t } = useTexts();
  const now = isoNow();
  const [members, former] = [membersOf(team, now), formerOf(team, now)];
  return (
    <>
      {members.length === 0 && <Text size="sm" c="dimmed">{t("membersNone")}</Text>}
      <Stack component="ul" gap={4} m={0} p={0} style={{ listStyle: "none" }}>
        {members.map((one) => {
          const reference = one.member?.reference ?? "";
          const display = one.member?.display ?? reference;
          return (
            <li key={reference}>
              <Group gap="xs">
                <Text>{display}</Text>
                {one.period?.start !== undefined && <Text size="sm" c="dimmed">{t("memberSince", { at: moment(one.period.start) })}</Text>}
                {onLeave !== undefined && <Button size="compact-xs" variant="subtle" color="red" aria-label={t("leaveOf", { who: display })} onClick={() => onLeave({ reference, display })}>{t("leave")}</Button>}
              </Group>
            </li>
          );
        })}
      </Stack>
      {former.length > 0 && <Text size="sm" c="dimmed" mt="xs">{t("membersBefore", { who: former.map((one) => `${one.member?.display ?? ""} (${moment(one.period?.end)})`).join(", ") })}</Text>}
    </>
  );
}
