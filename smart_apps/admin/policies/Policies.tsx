import { Anchor, Badge, Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "wouter";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { useMayChange } from "../people/rights.ts";
import { useOptional } from "../trail/sentence.ts";
import { useAllPolicies, type Held } from "./policies.ts";

/** What each role may do, and what waits for a second administrator. */
export default function Policies() {
  const { t } = useTexts();
  const query = useAllPolicies();
  const mayChange = useMayChange();
  return (
    <Stack gap="md" maw={1080}>
      <Group justify="space-between" align="flex-start">
        <div>
          <Title order={1}>{t("policies")}</Title>
          <Text c="dimmed">{t(query.data?.needsApproval === false ? "policiesLeadAlone" : "policiesLead")}</Text>
        </div>
        {mayChange && <Button component={Link} href="/policies/_new/edit" leftSection={<IconPlus size={18} aria-hidden />}>{t("addPolicy")}</Button>}
      </Group>
      <Loaded query={query} lines={8}>
        {({ policies }) => (
          <Table className="fs-cards" bg="var(--mantine-color-body)" aria-label={t("policies")}>
            <Table.Thead>
              <Table.Tr><Table.Th scope="col">{t("policy")}</Table.Th><Table.Th scope="col">{t("policyFor")}</Table.Th><Table.Th scope="col">{t("state")}</Table.Th></Table.Tr>
            </Table.Thead>
            <Table.Tbody>{[...policies].sort((a, b) => Number(b.pending !== null) - Number(a.pending !== null)).map((held) => <One key={held.name} held={held} />)}</Table.Tbody>
          </Table>
        )}
      </Loaded>
    </Stack>
  );
}

function One({ held }: { held: Held }) {
  const { t } = useTexts();
  const whom = useWhom();
  const policy = held.inForce ?? held.pending;
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400}>
        <Anchor component={Link} href={`/policies/${held.name}`} fw={600}>{policy?.title ?? held.name}</Anchor>
        <Text size="sm" c="dimmed">{policy?.description}</Text>
      </Table.Th>
      <Table.Td data-label={t("policyFor")}>{policy === null ? "" : whom(policy)}</Table.Td>
      <Table.Td data-label={t("state")}>
        {held.pending !== null && <Badge variant="light" color="yellow">{t("policyWaits")}</Badge>}{" "}
        {held.inForce !== null && <Text span size="sm">{t(held.isShipped ? "policyShipped" : "policyOwn")}</Text>}
      </Table.Td>
    </Table.Tr>
  );
}

/** For which roles and apps a policy is, in words. */
export function useWhom(): (policy: { roles?: string[]; clients?: string[] }) => string {
  const { t, language } = useTexts();
  const optional = useOptional();
  return ({ roles, clients }) => new Intl.ListFormat(language, { type: "conjunction" }).format([
    ...(roles ?? []).map((role) => (role === "*" ? t("everyRole") : (optional(`role.${role}`) ?? role))),
    ...(clients ?? []).map((client) => t("viaApp", { name: client })),
  ]);
}
