import { MultiSelect } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { CareTeam, Practitioner, PractitionerRole, Reference } from "fhir/r4";
import { useState } from "react";

import { resourcesOf } from "../shared/fhir/bundle.ts";
import { useSearch } from "../shared/fhir/queries.ts";
import { words } from "../shared/format/codes.ts";
import { plainName } from "../shared/format/people.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { membersOf } from "./sending.ts";
import type { Myself } from "./threads.ts";

const MOST = 15;

/** People, roles and care teams to write to. A team brings its staff. */
export default function Recipients({ me, patientId, value, onChange, label, description, error }: {
  me: Myself;
  patientId?: string;
  value: Reference[];
  onChange: (value: Reference[]) => void;
  label: string;
  description?: string;
  error?: string;
}) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed.trim(), 200);
  const names = asked.split(/[\s,]+/).filter((part) => part !== "");
  const people = useSearch<Practitioner>("Practitioner", { active: true, _sort: "family", _count: MOST, ...(names.length === 0 ? {} : { name: names }) }, { keep: true });
  const roles = useSearch<PractitionerRole>("PractitionerRole", asked.length < 2 ? undefined : { active: true, "role:text": asked, _count: MOST }, { keep: true });
  const teams = useSearch<CareTeam>("CareTeam", session.allows("CareTeam", "s") && patientId !== undefined ? { patient: patientId, status: "active", _count: MOST } : undefined);
  const isOther = (reference: string) => !me.references.includes(reference);
  const foundTeams = resourcesOf<CareTeam>(teams.data, "CareTeam").filter((team) => membersOf(team).length > 1);
  const options = [
    { group: t("teams"), items: foundTeams.map((team) => ({ value: `CareTeam/${team.id ?? ""}`, label: t("teamOf", { name: team.name ?? t("careTeam"), n: membersOf(team).length - 1 }) })) },
    { group: t("people"), items: resourcesOf<Practitioner>(people.data, "Practitioner").map((one) => ({ value: `Practitioner/${one.id ?? ""}`, label: plainName(one.name) })) },
    { group: t("roles"), items: resourcesOf<PractitionerRole>(roles.data, "PractitionerRole").map((one) => ({ value: `PractitionerRole/${one.id ?? ""}`, label: [words(one.code?.[0]), one.organization?.display, one.practitioner?.display].filter(Boolean).join(", ") })) },
  ].map((one) => ({ ...one, items: one.items.filter((item) => item.label !== "" && isOther(item.value)) }));
  const known = new Map(options.flatMap((one) => one.items).map((one) => [one.value, one.label]));
  const chosen = value.map((one) => one.reference ?? "");
  // Who was chosen stays an option when another search no longer finds them.
  const kept = value.filter((one) => !known.has(one.reference ?? "")).map((one) => ({ value: one.reference ?? "", label: one.display ?? "" }));
  const choose = (references: string[]) => {
    const added = references.filter((one) => !chosen.includes(one));
    const team = foundTeams.find((one) => added.includes(`CareTeam/${one.id ?? ""}`));
    const more = team === undefined ? added.map((reference) => ({ reference, display: known.get(reference) })) : membersOf(team).filter((one) => isOther(one.reference ?? "") && !chosen.includes(one.reference ?? ""));
    onChange([...value.filter((one) => references.includes(one.reference ?? "")), ...more]);
    setTyped("");
  };
  return (
    <MultiSelect
      label={label} description={description} error={error} required searchable hidePickedOptions
      searchValue={typed} onSearchChange={setTyped} value={chosen} onChange={choose}
      data={[...options, { group: t("chosen"), items: kept }].filter((one) => one.items.length > 0)}
      filter={({ options: all }) => all} nothingFoundMessage={people.isFetching ? t("loading") : t("nothingFound")} maxDropdownHeight={280}
    />
  );
}
