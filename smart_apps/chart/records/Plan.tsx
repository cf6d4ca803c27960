import { Button, Card, Menu, Stack, Text, Title } from "@mantine/core";
import { IconCheck, IconPlus, IconTarget } from "@tabler/icons-react";
import type { Bundle, CarePlan, CareTeam, Goal, Observation } from "fhir/r4";
import { Suspense, useState } from "react";

import { answerOf, resourcesOf } from "../../shared/fhir/bundle.ts";
import { usePages } from "../../shared/fhir/usePages.ts";
import { useBatch, useSearch } from "../../shared/fhir/queries.ts";
import { words } from "../../shared/format/codes.ts";
import { day, isoDay } from "../../shared/format/dates.ts";
import { Value, valueText } from "../../shared/format/Value.tsx";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { measuresOf, progressOf, targetWords } from "./goals.ts";
import { Records } from "./Records.tsx";
import { useSave } from "./useSave.tsx";

const GoalForm = part(() => import("./GoalForm.tsx"));
const ACHIEVEMENT = "http://terminology.hl7.org/CodeSystem/goal-achievement";
const STEPS = ["in-progress", "improving", "worsening", "no-change", "achieved", "not-achieved"] as const;

/** Goals with how far they are, the plans they belong to, and who cares. */
export default function Plan({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const plans = useSearch<CarePlan>("CarePlan", { patient, _sort: "-date", _count: 30 });
  const asked = { patient, _count: 50 };
  const teams = useSearch<CareTeam>("CareTeam", { patient, status: "active", _count: 10 });
  const goals = usePages<Goal>("Goal", asked);
  const codes = measuresOf(goals.all);
  // The newest two of each: one search of all would be filled by what is measured most.
  const newest = useBatch(codes.length === 0 ? undefined : codes.map((code) => `Observation?patient=${patient}&combo-code=${code}&_sort=-date&_count=2`), ["Observation"]);
  const measured = codes.flatMap((_, n) => resourcesOf<Observation>(answerOf<Bundle>(newest.data, n), "Observation"));
  const [isNew, setNew] = useState(false);
  const { save, conflict } = useSave<Goal>("Goal", (theirs, mine) => [{ field: words(theirs.description), theirs: words(theirs.achievementStatus), mine: words(mine.achievementStatus) }]);
  const mark = (goal: Goal, code: string) => save({
    ...goal,
    achievementStatus: { coding: [{ system: ACHIEVEMENT, code, display: t(`achievement.${code}`) }] },
    statusDate: isoDay(),
    ...(code === "achieved" ? { lifecycleStatus: "completed" as const } : {}),
  }, t("saved"));
  return (
    <Stack gap="lg" maw={1180}>
      <Records<Goal>
        type="Goal" parameters={asked} title={t("goals")} empty={t("goalsNone")} filter={(one) => one.lifecycleStatus !== "entered-in-error"}
        actions={session.allows("Goal", "c") && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setNew(true)}>{t("goalAdd")}</Button>}
        columns={[
          { label: "goal", cell: (one) => words(one.description) },
          { label: "target", cell: (one) => one.target?.map((of) => [words(of.measure), targetWords(of), of.dueDate === undefined ? "" : t("dueBy", { date: day(of.dueDate) })].filter(Boolean).join(" ")).join("; ") ?? "" },
          { label: "progress", cell: (one) => [words(one.achievementStatus), day(one.statusDate)].filter(Boolean).join(" · ") || t("notKnown") },
          { label: "measured", cell: (one) => <Measured goal={one} observations={measured} /> },
          { label: "since", cell: (one) => day(one.startDate) },
          { label: "actions", cell: (one) => session.allows("Goal", "u") && one.lifecycleStatus === "active" && (
            <Menu position="bottom-end">
              <Menu.Target><Button size="compact-sm" variant="subtle" aria-label={t("changeOf", { what: words(one.description) })}>{t("noteProgress")}</Button></Menu.Target>
              <Menu.Dropdown>{STEPS.map((step) => <Menu.Item key={step} onClick={() => mark(one, step)}>{t(`achievement.${step}`)}</Menu.Item>)}</Menu.Dropdown>
            </Menu>
          ) },
        ]}
      />
      <section aria-label={t("carePlans")}>
        <Title order={2} mb="xs">{t("carePlans")}</Title>
        <Loaded query={plans}>
          {(bundle) => {
            const all = resourcesOf<CarePlan>(bundle, "CarePlan").filter((one) => !["entered-in-error", "draft"].includes(one.status));
            if (all.length === 0) return <Text c="dimmed">{t("carePlansNone")}</Text>;
            return (
              <Stack gap="sm">
                {all.map((one) => (
                  <Card key={one.id}>
                    <Title order={3}>{one.title ?? one.category?.map(words).join(", ")} <Text span size="sm" c="dimmed">{t(`status.${one.status}`)} · {day(one.period?.start)}{one.period?.end === undefined ? "" : `–${day(one.period.end)}`}</Text></Title>
                    <Stack component="ul" gap={4} m={0} pl="md">
                      {one.activity?.map((activity, n) => <li key={n}><Text size="sm">{words(activity.detail?.code) || activity.detail?.description} {activity.detail !== undefined && <span className="fs-unit">{t(`status.${activity.detail.status}`)}</span>}</Text></li>)}
                    </Stack>
                  </Card>
                ))}
              </Stack>
            );
          }}
        </Loaded>
      </section>
      <section aria-label={t("careTeam")}>
        <Title order={2} mb="xs">{t("careTeam")}</Title>
        <Loaded query={teams}>
          {(bundle) => {
            const members = resourcesOf<CareTeam>(bundle, "CareTeam").flatMap((team) => team.participant ?? []).filter((one) => one.member?.display !== undefined);
            if (members.length === 0) return <Text c="dimmed">{t("careTeamNone")}</Text>;
            return <Stack component="ul" gap={4} m={0} pl="md">{members.map((one, n) => <li key={n}><Text size="sm">{one.member?.display} <span className="fs-unit">{one.role?.map(words).join(", ")}</span></Text></li>)}</Stack>;
          }}
        </Loaded>
      </section>
      {isNew && <Suspense><GoalForm patient={patient} onClose={() => setNew(false)} /></Suspense>}
      {conflict}
    </Stack>
  );
}

/** The newest value of what the goal is measured by, and whether it is where it is to be. */
function Measured({ goal, observations }: { goal: Goal; observations: readonly Observation[] }) {
  const { t } = useTexts();
  const found = (goal.target ?? []).flatMap((target) => progressOf(target, observations) ?? []);
  return (
    <>
      {found.map((one, n) => (
        <div key={n}>
          <Value of={one.value} /> <span className="fs-unit">{day(one.at)}{one.before !== undefined && ` · ${t("measuredBefore", { value: valueText(one.before) })}`}</span>
          {one.isReached !== undefined && <Text span size="sm" fw={600} c={one.isReached ? "var(--fs-good)" : "var(--fs-warning)"}> {one.isReached ? <IconCheck size={14} aria-hidden /> : <IconTarget size={14} aria-hidden />} {t(one.isReached ? "targetReached" : "targetNotYet")}</Text>}
        </div>
      ))}
    </>
  );
}
