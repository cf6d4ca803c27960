import { Card, Select, Stack, Text, Title } from "@mantine/core";
import type { PractitionerRole } from "fhir/r4";
import { useState } from "react";

import { resourcesOf } from "../../shared/fhir/bundle.ts";
import type { Stored } from "../../shared/fhir/client.ts";
import { useSearch } from "../../shared/fhir/queries.ts";
import { words } from "../../shared/format/codes.ts";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { useRows } from "../model/data.ts";
import type { Row } from "../model/rows.ts";
import { MakeSlots } from "./MakeSlots.tsx";
import { RoleHours } from "./RoleHours.tsx";

/** When somebody works, when they are on leave, and the slots that come of it. */
export default function Hours() {
  const rows = useRows();
  return <Loaded query={rows} lines={6}>{(data) => <Of people={data.rows.filter((row) => row.kind === "person")} />}</Loaded>;
}

function Of({ people }: { people: Row[] }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const roles = useMe()?.roles ?? [];
  const mine = people.find((row) => row.ref === session.grant.fhirUser);
  const [ref, setRef] = useState<string | null>(mine?.ref ?? null);
  const row = people.find((one) => one.ref === ref);
  const [saved, setSaved] = useState(0);
  const mayEdit = roles.includes("reception") && session.allows("PractitionerRole", "u");
  const mayMake = (roles.includes("reception") || (row !== undefined && row === mine)) && session.allows("Schedule", "u");
  return (
    <Stack gap="md" maw={860}>
      <div>
        <Title order={1}>{t("hours")}</Title>
        <Text size="sm" c="dimmed">{t("hoursLead")}</Text>
      </div>
      {people.length === 0 ? <Empty title={t("noSchedules")} /> : (
        <Select
          label={t("hoursOf")} searchable nothingFoundMessage={t("nothingFound")} value={ref} onChange={setRef} maw={420} allowDeselect={false}
          data={people.map((one) => ({ value: one.ref, label: one.label }))}
        />
      )}
      {row !== undefined && <Roles key={row.ref} row={row} mayEdit={mayEdit} onSaved={() => setSaved(saved + 1)} />}
      {row !== undefined && mayMake && row.schedules.map((id) => <MakeSlots key={`${id} ${row.ref}`} schedule={id} isDue={saved > 0} onDone={() => setSaved(0)} />)}
    </Stack>
  );
}

function Roles({ row, mayEdit, onSaved }: { row: Row; mayEdit: boolean; onSaved: () => void }) {
  const { t } = useTexts();
  const [type, id] = row.ref.split("/");
  const query = useSearch<PractitionerRole>("PractitionerRole", type === "PractitionerRole" ? { _id: id } : { practitioner: row.ref, _count: 50 });
  return (
    <Loaded query={query}>
      {(bundle) => {
        const roles = resourcesOf<Stored<PractitionerRole>>(bundle, "PractitionerRole").filter((one) => one.active !== false);
        if (roles.length === 0) return <Empty title={t("noRole")}>{t("noRoleHint")}</Empty>;
        return (
          <Stack gap="md">
            {roles.map((role) => (
              <Card key={role.id}>
                <Title order={2}>{[words(role.code?.[0]), role.organization?.display, role.location?.[0]?.display].filter(Boolean).join(" · ") || row.label}</Title>
                <RoleHours key={role.id} role={role} mayEdit={mayEdit} onSaved={onSaved} />
              </Card>
            ))}
          </Stack>
        );
      }}
    </Loaded>
  );
}
