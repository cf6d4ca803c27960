import { Button, Card, Group, Stack, Table, Text, Title } from "@mantine/core";
import { useState } from "react";

import { useChange } from "../../shared/fhir/queries.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Refused } from "../people/Confirm.tsx";
import { PersonPicker } from "../people/PersonPicker.tsx";
import { useOptional } from "../trail/sentence.ts";
import { tidied } from "./editing.ts";
import type { Policy } from "./policies.ts";

interface Rights {
  /** Letters of cruds. */
  rights: string;
  /** How many resources they find. */
  count: number;
}

interface Tried {
  /** People whom it is for, or was for. */
  accounts: number;
  types?: { type: string; before: Rights; after: Rights }[];
  isCut?: boolean;
}

/** What a policy would change, before anybody proposes it: checked by the server, and counted for one person. */
export function Trial({ policy, isReady, onTry }: { policy: Policy; isReady: boolean; onTry: () => void }) {
  const { t } = useTexts();
  const [user, setUser] = useState<string | null>(null);
  const trial = useChange<{ policy: Policy; user: string | null }, Tried>([], (fhir, asked) => {
    const wanted = tidied(asked.policy);
    return fhir.other<Tried>(`/admin/policies/${wanted.name}/trial`, { method: "POST", body: { policy: wanted, ...(asked.user === null ? {} : { user: asked.user }) } });
  });
  const isOld = trial.data !== undefined && (trial.variables.policy !== policy || trial.variables.user !== user);
  return (
    <Card component="section" aria-labelledby="trial">
      <Title order={2} id="trial" mb="xs">{t("trial")}</Title>
      <Stack gap="sm">
        <Text size="sm">{t("trialLead")}</Text>
        <Group align="flex-end" gap="xs">
          <PersonPicker label={t("trialWho")} value={user} onChange={setUser} />
          <Button variant="default" loading={trial.isPending} onClick={() => { onTry(); if (isReady) trial.mutate({ policy, user }); }}>{t("tryOut")}</Button>
        </Group>
        <Refused error={trial.error} />
        {isOld && <Text size="sm" role="status">{t("trialOld")}</Text>}
        {trial.data !== undefined && !isOld && <Told tried={trial.data} isForSomebody={user !== null} />}
      </Stack>
    </Card>
  );
}

function Told({ tried, isForSomebody }: { tried: Tried; isForSomebody: boolean }) {
  const { t, language } = useTexts();
  const optional = useOptional();
  const said = ({ rights, count }: Rights) => {
    if (rights === "") return t("mayNothing");
    const may = new Intl.ListFormat(language, { type: "conjunction" }).format(Array.from(rights, (right) => t(`right.${right}`)));
    return rights.includes("s") ? t("mayFind", { may, n: count }) : may;
  };
  const types = tried.types ?? [];
  return (
    <div role="status">
      <Text size="sm">{t("trialAccounts", { n: tried.accounts })}</Text>
      {isForSomebody && types.length === 0 && <Text size="sm">{t("trialNothing")}</Text>}
      {types.length > 0 && (
        <Table className="fs-cards" aria-label={t("trial")}>
          <Table.Thead><Table.Tr><Table.Th scope="col">{t("whatKind")}</Table.Th><Table.Th scope="col">{t("trialBefore")}</Table.Th><Table.Th scope="col">{t("trialAfter")}</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>
            {types.map(({ type, before, after }) => (
              <Table.Tr key={type}>
                <Table.Th scope="row" fw={400}>{optional(`type.${type}`) ?? type}</Table.Th>
                <Table.Td data-label={t("trialBefore")}>{said(before)}</Table.Td>
                <Table.Td data-label={t("trialAfter")}>{said(after)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {tried.isCut === true && <Text size="sm">{t("trialCut")}</Text>}
    </div>
  );
}
