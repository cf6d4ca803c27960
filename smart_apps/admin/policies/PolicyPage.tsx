import { Alert, Anchor, Button, Card, Group, Modal, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { Link, useParams } from "wouter";

import { useChange } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { useMe } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { Confirm, Refused } from "../people/Confirm.tsx";
import { useMayChange } from "../people/rights.ts";
import { useNameOf } from "../people/users.ts";
import { useOptional } from "../trail/sentence.ts";
import { difference, useAllPolicies, type Difference, type Held, type Policy } from "./policies.ts";
import { useWhom } from "./Policies.tsx";
import { Powers, RuleList } from "./RuleList.tsx";

/** A policy in sentences; and what a proposal would change, to be approved by another administrator. */
export default function PolicyPage() {
  const { t } = useTexts();
  const { name } = useParams<{ name: string }>();
  const query = useAllPolicies();
  const mayChange = useMayChange();
  const whom = useWhom();
  return (
    <Stack gap="md" maw={920}>
      <Anchor component={Link} href="/policies">{t("allPolicies")}</Anchor>
      <Loaded query={query} lines={8}>
        {({ policies, needsApproval }) => {
          const held = policies.find((one) => one.name === name);
          const policy = held?.inForce ?? held?.pending;
          if (held === undefined || policy == null) return <Empty title={t("noPolicy")} />;
          return (
            <>
              <Group justify="space-between" align="flex-start">
                <div>
                  <Title order={1}>{policy.title ?? held.name}</Title>
                  {policy.description !== undefined && <Text>{policy.description}</Text>}
                  <Text size="sm" c="dimmed">{t("policyHolds", { whom: whom(policy) })} · {t(held.isShipped ? "policyShipped" : "policyOwn")}</Text>
                </div>
                {mayChange && <Button component={Link} href={`/policies/${held.name}/edit`} variant="default">{t("change")}</Button>}
              </Group>
              {held.pending !== null && <Pending held={held} pending={held.pending} needsApproval={needsApproval} />}
              {held.inForce !== null && <InForce policy={held.inForce} />}
            </>
          );
        }}
      </Loaded>
    </Stack>
  );
}

function InForce({ policy }: { policy: Policy }) {
  const { t } = useTexts();
  return (
    <Card component="section" aria-labelledby="in-force">
      <Title order={2} id="in-force" mb="xs">{t("policyInForce")}</Title>
      <Stack gap="sm">
        <Powers powers={policy.powers} />
        {policy.rules.length === 0 ? <Text>{t("noRules")}</Text> : <RuleList rules={policy.rules} label={t("policyInForce")} />}
      </Stack>
    </Card>
  );
}

function Pending({ held, pending, needsApproval }: { held: Held; pending: Policy; needsApproval: boolean }) {
  const { t } = useTexts();
  const mayChange = useMayChange();
  const me = useMe();
  const isOwn = needsApproval && me !== undefined && me.id === held.proposedBy;
  const [asking, setAsking] = useState<"approve" | "withdraw">();
  const account = held.proposedBy ?? "";
  const by = useNameOf([{ account }])({ account, name: account });
  const change = difference(held.inForce, pending);
  return (
    <Alert color="yellow" title={t("policyWaits")}>
      <Stack gap="sm">
        <Text size="sm">{by === "" ? t(needsApproval ? "proposed" : "proposedNow") : t(needsApproval ? "proposedBy" : "proposedByNow", { name: by })}</Text>
        <Changes change={change} />
        {isOwn && <Text size="sm">{t("ownProposal")}</Text>}
        {mayChange && (
          <Group gap="xs">
            {!isOwn && <Button onClick={() => setAsking("approve")}>{t("approveDots")}</Button>}
            <Button variant="default" onClick={() => setAsking("withdraw")}>{t(isOwn ? "withdrawDots" : "rejectDots")}</Button>
          </Group>
        )}
      </Stack>
      {asking === "approve" && <Approve held={held} change={change} onClose={() => setAsking(undefined)} />}
      {asking === "withdraw" && <Withdraw held={held} onClose={() => setAsking(undefined)} />}
    </Alert>
  );
}

function Withdraw({ held, onClose }: { held: Held; onClose: () => void }) {
  const { t } = useTexts();
  const withdraw = useChange<undefined, unknown>(["Basic"], (fhir) => fhir.other(`/admin/policies/${held.name}/proposal`, { method: "DELETE" }));
  return (
    <Confirm title={t("withdrawTitle", { name: held.pending?.title ?? held.name })} action={t("withdraw")} isDanger isBusy={withdraw.isPending} error={withdraw.error} onClose={onClose} onDo={() => withdraw.mutate(undefined, { onSuccess: () => { told(t("withdrawn")); onClose(); } })}>
      <Text>{t(held.inForce === null ? "withdrawNew" : "withdrawText")}</Text>
    </Confirm>
  );
}

export function Changes({ change }: { change: Difference }) {
  const { t, language } = useTexts();
  const optional = useOptional();
  const list = (names: string[], group: string) => new Intl.ListFormat(language).format(names.map((name) => optional(`${group}.${name}`) ?? name));
  const isNone = change.added.length + change.removed.length + change.powersAdded.length + change.powersRemoved.length + change.forAdded.length + change.forRemoved.length === 0;
  return (
    <Stack gap="xs">
      {isNone && <Text size="sm">{t("changesNothing")}</Text>}
      {change.added.length > 0 && <div><Text fw={600} size="sm">{t("changesAdded")}</Text><RuleList rules={change.added} label={t("changesAdded")} /></div>}
      {change.removed.length > 0 && <div><Text fw={600} size="sm">{t("changesRemoved")}</Text><RuleList rules={change.removed} label={t("changesRemoved")} /></div>}
      {change.powersAdded.length > 0 && <Text size="sm">{t("changesPowers", { what: list(change.powersAdded, "power") })}</Text>}
      {change.powersRemoved.length > 0 && <Text size="sm">{t("changesNoPowers", { what: list(change.powersRemoved, "power") })}</Text>}
      {change.forAdded.length > 0 && <Text size="sm">{t("changesFor", { what: list(change.forAdded, "role") })}</Text>}
      {change.forRemoved.length > 0 && <Text size="sm">{t("changesNotFor", { what: list(change.forRemoved, "role") })}</Text>}
    </Stack>
  );
}

function Approve({ held, change, onClose }: { held: Held; change: Difference; onClose: () => void }) {
  const { t } = useTexts();
  // What is approved is what was shown when the window was opened.
  const [proposal] = useState(held.proposal);
  const approve = useChange<undefined, unknown>(["Basic"], (fhir) => fhir.other(`/admin/policies/${held.name}/approve`, { method: "POST", body: { proposal } }));
  return (
    <Modal opened onClose={onClose} size="lg" title={t("approveTitle", { name: held.pending?.title ?? held.name })} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <Text>{t("approveText")}</Text>
        <Changes change={change} />
        <Refused error={approve.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
          <Button loading={approve.isPending} onClick={() => approve.mutate(undefined, { onSuccess: () => { told(t("approved")); onClose(); } })}>{t("approve")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
