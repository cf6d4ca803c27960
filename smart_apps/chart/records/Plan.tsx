import { Button, Card, Menu, Stack, Text, Title } from "@mantine/core";
import type { CarePlan, CareTeam, Goal } from "fhir/r4";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { words } from "../../shared/format/codes.ts";
import { day, isoDay } from "../../shared/format/dates.ts";
import { quantity } from "../../shared/format/quantities.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { Records } from "./Records.tsx";
import { useSave } from "./useSave.tsx";

const ACHIEVEMENT = "http://terminology.hl7.org/CodeSystem/goal-achievement";
const STEPS = ["in-progress", "improving", "worsening", "no-change", "achieved", "not-achieved"] as const;

/** Goals with how far they are, the plans they belong to, and who cares. */
export default function Plan({ patient }: { patient: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const plans = useSearch<CarePlan>("CarePlan", { patient, _sort: "-date", _count: 30 });
  const teams = useSearch<CareTeam>("CareTeam", { patient, status: "active", _count: 10 });
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
        type="Goal" parameters={{ patient, _count: 50 }} title={t("goals")} empty={t("goalsNone")} filter={(one) => one.lifecycleStatus !== "entered-in-error"}
        columns={[
          { label: "goal", cell: (one) => words(one.description) },
          { label: "target", cell: (one) => one.target?.map((of) => [words(of.measure), quantity(of.detailQuantity), of.detailRange === undefined ? "" : [of.detailRange.low, of.detailRange.high].map(quantity).filter(Boolean).join("–"), of.dueDate === undefined ? "" : t("dueBy", { date: day(of.dueDate) })].filter(Boolean).join(" ")).join("; ") ?? "" },
          { label: "progress", cell: (one) => [words(one.achievementStatus), day(one.statusDate)].filter(Boolean).join(" · ") || t("notKnown") },
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
      {conflict}
    </Stack>
  );
}
