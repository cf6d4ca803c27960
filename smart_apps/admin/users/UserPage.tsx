import { Anchor, Badge, Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import { Suspense, useState } from "react";
import { Link, useParams } from "wouter";

import { useChange } from "../../shared/fhir/queries.ts";
import { moment } from "../../shared/format/dates.ts";
import { told } from "../../shared/forms/saving.ts";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { Confirm } from "../people/Confirm.tsx";
import { useMayChange, useMayNamePatients } from "../people/rights.ts";
import { shownName, useUser, type User } from "../people/users.ts";
import { Sessions } from "./Sessions.tsx";
import { useRoleNames } from "./useRoles.ts";
import { WaysIn } from "./WaysIn.tsx";

const EditUser = part(() => import("./EditUser.tsx"));

/** One account: who it is, what it may do, how it gets in, and where it is signed in. */
export default function UserPage() {
  const { t } = useTexts();
  const { id } = useParams<{ id: string }>();
  const query = useUser(id);
  return (
    <Stack gap="md" maw={920}>
      <Anchor component={Link} href="/users">{t("allUsers")}</Anchor>
      <Loaded query={query} lines={8}>
        {(user) => (user === null ? <Empty title={t("noUser")} /> : <One key={user.id} user={user} />)}
      </Loaded>
    </Stack>
  );
}

function One({ user }: { user: User }) {
  const { t } = useTexts();
  const roleNames = useRoleNames();
  const isOfficer = useMayNamePatients();
  const mayChange = useMayChange();
  const isOwn = useMe()?.id === user.id;
  const [asking, setAsking] = useState<"edit" | "state">();
  return (
    <>
      <Group justify="space-between" align="flex-start">
        <div>
          <Title order={1}>{shownName(user)} {!user.isActive && <Badge variant="light" color="red">{t("disabled")}</Badge>}</Title>
          <Text c="dimmed">{user.name} · {t("since", { at: moment(user.created) })}</Text>
        </div>
        {mayChange && !isOwn && (
          <Group gap="xs">
            <Button onClick={() => setAsking("edit")}>{t("change")}</Button>
            <Button variant="default" color={user.isActive ? "red" : undefined} onClick={() => setAsking("state")}>{t(user.isActive ? "disableDots" : "enableDots")}</Button>
          </Group>
        )}
      </Group>
      {isOwn && mayChange && <Text>{t("ownAccount")} <Anchor href="/account">{t("account")}</Anchor></Text>}
      <Card component="section" aria-label={t("accountMay")}>
        <Stack gap={4}>
          <Text><Text span c="dimmed">{t("roles")}: </Text>{roleNames(user.roles) || t("noRolesMeans")}</Text>
          <Text><Text span c="dimmed">{t("isWho")}: </Text>{user.fhirUser ?? t("isNobody")}</Text>
          <Text><Text span c="dimmed">{t("clearances")}: </Text>{user.clearances.join(", ") || t("none")}</Text>
          <Group gap="md" mt="xs">
            {isOfficer && <Anchor component={Link} href={`/explain?user=${user.id}`}>{t("whatTheySee")}</Anchor>}
            <Anchor component={Link} href={`/trail?who=${user.id}`}>{t("allOfPerson")}</Anchor>
          </Group>
        </Stack>
      </Card>
      <WaysIn user={user} mayChange={mayChange && !isOwn} />
      <Sessions user={user} mayChange={mayChange} />
      <Suspense>{asking === "edit" && <EditUser user={user} onClose={() => setAsking(undefined)} />}</Suspense>
      {asking === "state" && <State user={user} onClose={() => setAsking(undefined)} />}
    </>
  );
}

function State({ user, onClose }: { user: User; onClose: () => void }) {
  const { t } = useTexts();
  const name = shownName(user);
  const change = useChange<undefined, unknown>(["User", "Session"], (fhir) => fhir.other(`/admin/users/${user.id}`, { method: "PATCH", body: { isActive: !user.isActive, updated: user.updated } }));
  return (
    <Confirm
      title={t(user.isActive ? "disableTitle" : "enableTitle", { name })} action={t(user.isActive ? "disable" : "enable")} isDanger={user.isActive} isBusy={change.isPending} error={change.error} onClose={onClose}
      onDo={() => change.mutate(undefined, { onSuccess: () => { told(t(user.isActive ? "isDisabled" : "isEnabled", { name })); onClose(); } })}
    >
      <Text>{t(user.isActive ? "disableText" : "enableText", { name })}</Text>
    </Confirm>
  );
}
