import { useDebouncedValue } from "@mantine/hooks";
import { Spotlight, spotlight } from "@mantine/spotlight";
import { IconUser } from "@tabler/icons-react";
import type { Patient } from "fhir/r4";
import { useEffect, useState } from "react";
import { useTexts } from "../i18n/i18n.ts";
import { useLocation } from "wouter";

import { resourcesOf } from "../fhir/bundle.ts";
import { useSearch } from "../fhir/queries.ts";
import { day } from "../format/dates.ts";
import { formalName, recordNumber } from "../format/people.ts";

import { useSmart } from "../smart/context.tsx";
import type { Place } from "./navigation.ts";
import { MOST, searchOf } from "./patientSearch.ts";

/** Any patient, any place of the app; it opens whenever `opened` grows. `patientPath` leads to a patient; without it to the chart. */
export default function Palette({ places, patientPath, opened }: { places: readonly Place[]; patientPath?: (id: string) => string; opened: number }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const [, go] = useLocation();
  const [typed, setTyped] = useState("");
  useEffect(() => spotlight.open(), [opened]);
  const [asked] = useDebouncedValue(typed.trim(), 200);
  // Of a launch with a patient nobody else may be opened.
  const canSearch = session.grant.patient === undefined && session.allows("Patient", "s");
  const patients = useSearch<Patient>("Patient", canSearch && asked.length > 1 ? searchOf(asked) : undefined, { keep: true });
  const found = asked.length > 1 ? resourcesOf<Patient>(patients.data, "Patient") : [];
  const screens = places.filter((place) => t(place.label).toLocaleLowerCase().includes(typed.trim().toLocaleLowerCase()));
  const open = (id: string) => {
    if (patientPath === undefined) location.assign(`/apps/chart/patients/${id}`);
    else go(patientPath(id));
  };
  return (
    <Spotlight.Root query={typed} onQueryChange={setTyped} shortcut={null} scrollable maxHeight={420}>
      <Spotlight.Search placeholder={canSearch ? t("searchHint") : t("search")} aria-label={t("search")} />
      <Spotlight.ActionsList>
        {found.slice(0, MOST).map((patient) => (
          <Spotlight.Action
            key={patient.id}
            onClick={() => open(patient.id ?? "")}
            leftSection={<IconUser size={18} aria-hidden />}
            label={formalName(patient.name)}
            description={[`${t("born")} ${patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate)}`, t(`sex.${patient.gender ?? "unknown"}`), recordNumber(patient.identifier)].filter(Boolean).join(" · ")}
          />
        ))}
        {screens.map((place) => (
          <Spotlight.Action
            key={place.path}
            label={t(place.label)}
            leftSection={<place.icon size={18} aria-hidden />}
            onClick={() => go(`/${place.path}`)}
          />
        ))}
        {found.length === 0 && screens.length === 0 && <Spotlight.Empty>{patients.isFetching ? t("loading") : t("nothingFound")}</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
