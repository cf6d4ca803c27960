import { Anchor, Badge, Button, Group, NativeSelect, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { Suspense, useState } from "react";
import { Link } from "wouter";

import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import { useMayChange } from "../people/rights.ts";
import { shownName, useUserPages, type Filter, type User } from "../people/users.ts";
import { useRoleNames, useRoles } from "./useRoles.ts";

const NewUser = part(() => import("./NewUser.tsx"));
const PAUSE_MS = 250;
const STATES = ["active", "disabled"] as const;

/** All accounts: who may sign in, and as what. */
export default function Users() {
  const { t } = useTexts();
  const mayChange = useMayChange();
  const roleNames = useRoleNames();
  const roles = useRoles();
  const [filter, setFilter] = useState<Filter>({ text: "", role: "", state: "" });
  const [text] = useDebouncedValue(filter.text, PAUSE_MS);
  const { query, all } = useUserPages({ ...filter, text });
  const [isNew, setNew] = useState(false);
  return (
    <Stack gap="md" maw={1080}>
      <Group justify="space-between">
        <div>
          <Title order={1}>{t("users")}</Title>
          <Text c="dimmed">{t("usersLead")}</Text>
        </div>
        {mayChange && <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setNew(true)}>{t("addUser")}</Button>}
      </Group>
      <Group gap="sm" align="flex-end">
        <TextInput label={t("findUser")} placeholder={t("personHint")} leftSection={<IconSearch size={16} aria-hidden />} value={filter.text} onChange={(event) => setFilter({ ...filter, text: event.currentTarget.value })} />
        <NativeSelect label={t("role.title")} value={filter.role} onChange={(event) => setFilter({ ...filter, role: event.currentTarget.value })} data={[{ value: "", label: t("anyRole") }, ...(roles.data?.roles ?? []).map(({ name }) => ({ value: name, label: roleNames([name]) }))]} />
        <NativeSelect label={t("state")} value={filter.state} onChange={(event) => setFilter({ ...filter, state: STATES.find((one) => one === event.currentTarget.value) ?? "" })} data={[{ value: "", label: t("anyState") }, { value: "active", label: t("active") }, { value: "disabled", label: t("disabled") }]} />
      </Group>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading lines={8} />}
      {query.isSuccess && (
        <>
          <Text size="sm" role="status">{t(query.hasNextPage ? "foundUsersFirst" : "foundUsers", { n: all.length })}</Text>
          {all.length === 0 ? <Empty title={t("noUser")} /> : <Rows users={all} />}
        </>
      )}
      {query.hasNextPage && <Button w="fit-content" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("moreUsers")}</Button>}
      <Suspense>{isNew && <NewUser onClose={() => setNew(false)} />}</Suspense>
    </Stack>
  );
}

function Rows({ users }: { users: readonly User[] }) {
  const { t } = useTexts();
  const roleNames = useRoleNames();
  return (
    <Table className="fs-cards" bg="var(--mantine-color-body)" aria-label={t("users")}>
      <Table.Thead>
        <Table.Tr><Table.Th scope="col">{t("person")}</Table.Th><Table.Th scope="col">{t("userName")}</Table.Th><Table.Th scope="col">{t("roles")}</Table.Th><Table.Th scope="col">{t("state")}</Table.Th></Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {users.map((user) => (
          <Table.Tr key={user.id}>
            <Table.Th scope="row" fw={400}><Anchor component={Link} href={`/users/${user.id}`} fw={600}>{shownName(user)}</Anchor></Table.Th>
            <Table.Td data-label={t("userName")}>{user.name}</Table.Td>
            <Table.Td data-label={t("roles")}>{roleNames(user.roles) || t("noRoles")}</Table.Td>
            <Table.Td data-label={t("state")}>{user.isActive ? t("active") : <Badge variant="light" color="red">{t("disabled")}</Badge>}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
