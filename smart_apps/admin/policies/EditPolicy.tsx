import { Anchor, Button, Card, Checkbox, Group, Stack, TagsInput, Text, Textarea, TextInput, Title } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { Link, useLocation, useParams } from "wouter";

import { useChange } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Empty } from "../../shared/states/Empty.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { Refused } from "../people/Confirm.tsx";
import { useMayChange } from "../people/rights.ts";
import { useRoles } from "../users/useRoles.ts";
import { EMPTY_RULE, problemsOf, tidied } from "./editing.ts";
import { difference, useAllPolicies, type Held, type Policies, type Policy, type Rule } from "./policies.ts";
import { Changes } from "./PolicyPage.tsx";
import { RuleForm } from "./RuleForm.tsx";
import { useRuleSentence } from "./sentences.ts";
import { Trial } from "./Trial.tsx";

/** In the address where a new policy is written; no policy has this name. */
const NEW = "_new";

/** Writes a policy: rules as sentences, what it changes, trying it out, and proposing it. */
export default function EditPolicy() {
  const { t } = useTexts();
  const { name } = useParams<{ name: string }>();
  const query = useAllPolicies();
  const mayChange = useMayChange();
  return (
    <Stack gap="md" maw={920}>
      <Anchor component={Link} href={name === NEW ? "/policies" : `/policies/${name}`}>{t(name === NEW ? "allPolicies" : "backToPolicy")}</Anchor>
      <Loaded query={query} lines={10}>
        {(known) => {
          const held = known.policies.find((one) => one.name === name);
          if ((held === undefined && name !== NEW) || !mayChange) return <Empty title={t("noPolicy")} />;
          return <Form key={name} held={held} known={known} />;
        }}
      </Loaded>
    </Stack>
  );
}

function Form({ held, known }: { held: Held | undefined; known: Policies }) {
  const { t } = useTexts();
  const [, go] = useLocation();
  const roles = useRoles();
  const [policy, setPolicy] = useState<Policy>(() => held?.pending ?? held?.inForce ?? { name: "", status: "draft", roles: [], rules: [EMPTY_RULE] });
  // Rules keep their forms when others are taken away.
  const [keys, setKeys] = useState(() => policy.rules.map((_, n) => n));
  const [open, setOpen] = useState<readonly number[]>(held === undefined ? [0] : []);
  const [broken, setBroken] = useState<readonly number[]>([]);
  const [isTried, setTried] = useState(false);
  const problems = problemsOf(policy);
  const isTaken = held === undefined && known.policies.some((one) => one.name === policy.name);
  const isReady = problems.length + broken.length === 0 && !isTaken;
  const propose = useChange<undefined, Held>(["Basic"], async (fhir) => {
    const { name, ...body } = tidied(policy);
    const made = await fhir.other<Held>(`/admin/policies/${name}`, { method: "PUT", body });
    if (known.needsApproval) return made;
    return fhir.other<Held>(`/admin/policies/${name}/approve`, { method: "POST", body: { proposal: made.proposal } });
  });
  const send = () => {
    setTried(true);
    if (isReady) propose.mutate(undefined, { onSuccess: ({ name }) => { told(t(known.needsApproval ? "policyProposed" : "approved")); go(`/policies/${name}`); } });
  };
  const setRule = (at: number, rule: Rule) => setPolicy({ ...policy, rules: policy.rules.map((one, n) => (n === at ? rule : one)) });
  const add = () => {
    const key = Math.max(-1, ...keys) + 1;
    setPolicy({ ...policy, rules: [...policy.rules, EMPTY_RULE] });
    setKeys([...keys, key]);
    setOpen([...open, key]);
  };
  const remove = (at: number) => {
    setPolicy({ ...policy, rules: policy.rules.filter((_, n) => n !== at) });
    setBroken(broken.filter((key) => key !== keys[at]));
    setKeys(keys.filter((_, n) => n !== at));
  };
  return (
    <>
      <Title order={1}>{t(held === undefined ? "addPolicy" : "changePolicy", { name: policy.title ?? policy.name })}</Title>
      <Card>
        <Stack gap="sm">
          {held === undefined && <TextInput label={t("policyName")} description={t("policyNameHint")} withAsterisk value={policy.name} onChange={(event) => setPolicy({ ...policy, name: event.currentTarget.value })} error={isTaken ? t("policyTaken") : isTried && problems.includes("name") ? t("policyNameWrong") : undefined} />}
          <TextInput label={t("policyTitle")} value={policy.title ?? ""} onChange={(event) => setPolicy({ ...policy, title: event.currentTarget.value })} />
          <Textarea label={t("policyDescription")} autosize minRows={1} value={policy.description ?? ""} onChange={(event) => setPolicy({ ...policy, description: event.currentTarget.value })} />
          <TagsInput label={t("policyRoles")} description={t("policyRolesHint")} withAsterisk={(policy.clients ?? []).length === 0} value={policy.roles ?? []} onChange={(names) => setPolicy({ ...policy, roles: names })} data={["*", ...(roles.data?.roles ?? []).map((one) => one.name)]} error={isTried && problems.includes("roles") ? t("policyRolesMissing") : undefined} />
          {(policy.clients ?? []).length > 0 && <Text size="sm">{t("policyClients", { names: (policy.clients ?? []).join(", ") })}</Text>}
          <Checkbox.Group label={t("powers")} value={policy.powers ?? []} onChange={(powers) => setPolicy({ ...policy, powers })}>
            <Stack gap={6} mt={4}>{known.powers.map((power) => <Checkbox key={power} value={power} label={t(`power.${power}`)} />)}</Stack>
          </Checkbox.Group>
        </Stack>
      </Card>
      <Title order={2}>{t("rules")}</Title>
      {policy.rules.map((rule, n) => {
        const key = keys[n] ?? n;
        const isOpen = open.includes(key) || (isTried && (problems.includes(n) || broken.includes(key)));
        return (
          <RuleCard key={key} rule={rule} number={n + 1} isOpen={isOpen} onOpen={() => setOpen(isOpen ? open.filter((one) => one !== key) : [...open, key])} onRemove={() => remove(n)}>
            <RuleForm rule={rule} types={known.types} isTried={isTried} onChange={(changed) => setRule(n, changed)} onBroken={(isBroken) => setBroken(isBroken ? [...new Set([...broken, key])] : broken.filter((one) => one !== key))} />
          </RuleCard>
        );
      })}
      <Button w="fit-content" variant="default" leftSection={<IconPlus size={18} aria-hidden />} onClick={add}>{t("addRule")}</Button>
      <Card component="section" aria-labelledby="what-changes">
        <Title order={2} id="what-changes" mb="xs">{t("whatChanges")}</Title>
        <Changes change={difference(held?.inForce ?? null, tidied(policy))} />
      </Card>
      <Trial policy={policy} isReady={isReady} onTry={() => setTried(true)} />
      {isTried && !isReady && <Text c="red" role="alert">{t("policyNotReady")}</Text>}
      <Refused error={propose.error} />
      <Group>
        <Button loading={propose.isPending} onClick={send}>{t(known.needsApproval ? "propose" : "putInForce")}</Button>
        <Text size="sm" c="dimmed">{t(known.needsApproval ? "proposeMeans" : "putInForceMeans")}</Text>
      </Group>
    </>
  );
}

/** A rule as a sentence, and its form when it is opened. */
function RuleCard({ rule, number, isOpen, onOpen, onRemove, children }: { rule: Rule; number: number; isOpen: boolean; onOpen: () => void; onRemove: () => void; children: ReactNode }) {
  const { t } = useTexts();
  const sentence = useRuleSentence();
  const name = (rule.name ?? "") === "" ? t("ruleNumber", { n: number }) : (rule.name ?? "");
  return (
    <Card component="section" aria-label={name}>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start">
          <div style={{ flex: "1 1 18rem" }}>
            <Text fw={600}>{name}</Text>
            <Text size="sm" style={rule.effect === "deny" ? { color: "var(--fs-critical)" } : undefined}>{rule.types.length === 0 ? t("ruleEmpty") : sentence(rule)}</Text>
          </div>
          <Group gap="xs">
            <Button size="xs" variant="default" aria-expanded={isOpen} aria-label={t("editOf", { name })} onClick={onOpen}>{t(isOpen ? "close" : "change")}</Button>
            <Button size="xs" variant="default" aria-label={t("removeOf", { name })} onClick={onRemove}>{t("remove")}</Button>
          </Group>
        </Group>
        {isOpen && children}
      </Stack>
    </Card>
  );
}
