import { MultiSelect } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { CareTeam, Practitioner, Reference } from "fhir/r4";
import { useState } from "react";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { plainName } from "../../shared/format/people.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";

const MOST = 15;
const PAUSE_MS = 200;

/** Colleagues and teams: those of this patient, and those that are no one patient's. */
export function Receivers({ patient, value, error, onChange }: { patient: string; value: Reference[]; error?: string; onChange: (value: Reference[]) => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed.trim(), PAUSE_MS);
  const names = asked.split(/[\s,]+/).filter((part) => part !== "");
  const people = useSearch<Practitioner>("Practitioner", { active: true, _sort: "family", _count: MOST, ...(names.length === 0 ? {} : { name: names }) }, { keep: true });
  const seesTeams = session.allows("CareTeam", "s");
  const own = useSearch<CareTeam>("CareTeam", seesTeams ? { patient, status: "active", _count: MOST } : undefined);
  const standing = useSearch<CareTeam>("CareTeam", seesTeams ? { "subject:missing": true, status: "active", _count: 100 } : undefined);
  const words = asked.toLocaleLowerCase();
  const teams = [...resourcesOf<CareTeam>(standing.data, "CareTeam"), ...resourcesOf<CareTeam>(own.data, "CareTeam")].filter((team) => team.name?.toLocaleLowerCase().includes(words) ?? words === "");
  const options = [
    { group: t("teams"), items: teams.map((team) => ({ value: `CareTeam/${team.id ?? ""}`, label: team.name ?? t("careTeam") })) },
    { group: t("colleagues"), items: resourcesOf<Practitioner>(people.data, "Practitioner").map((one) => ({ value: `Practitioner/${one.id ?? ""}`, label: plainName(one.name) })) },
  ].map((one) => ({ ...one, items: one.items.filter((item) => item.label !== "" && item.value !== session.grant.fhirUser) }));
  const known = new Map(options.flatMap((one) => one.items).map((one) => [one.value, one.label]));
  // Who was chosen stays an option when another search no longer finds them.
  const kept = value.filter((one) => !known.has(one.reference ?? "")).map((one) => ({ value: one.reference ?? "", label: one.display ?? "" }));
  return (
    <MultiSelect
      label={t("shareTo")} description={t("shareToHint")} error={error} required searchable hidePickedOptions
      searchValue={typed} onSearchChange={setTyped} value={value.map((one) => one.reference ?? "")}
      onChange={(chosen) => {
        onChange(chosen.map((reference) => value.find((one) => one.reference === reference) ?? { reference, display: known.get(reference) }));
        setTyped("");
      }}
      data={[...options, { group: t("chosenOnes"), items: kept }].filter((one) => one.items.length > 0)}
      filter={({ options: all }) => all} nothingFoundMessage={people.isFetching ? t("loading") : t("nobodyFound")} maxDropdownHeight={260}
    />
  );
}
