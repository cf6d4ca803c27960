import { Button, Card, Group, Modal, Stack, Text, Title } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { Consent, Patient } from "fhir/r4";
import { Suspense, useState } from "react";

import { FhirError, type Stored } from "../../shared/fhir/client.ts";
import { useChange } from "../../shared/fhir/queries.ts";
import { usePages } from "../../shared/fhir/usePages.ts";
import { told } from "../../shared/forms/saving.ts";
import { words } from "../../shared/format/codes.ts";
import { day } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { part } from "../../shared/parts/part.tsx";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loading } from "../../shared/states/Loaded.tsx";
import { denied } from "../consents.ts";

const GiveConsent = part(() => import("./GiveConsent.tsx"));

/** What the patient has decided about their record: to see, give and withdraw. */
export default function Consents({ patient }: { patient: Stored<Patient> }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const { query, all } = usePages<Consent>("Consent", { patient: patient.id, _sort: "-date", _count: 50 });
  const [isNew, setNew] = useState(false);
  const [withdrawing, setWithdrawing] = useState<Stored<Consent>>();
  const shown = all.filter((one): one is Stored<Consent> => one.id !== undefined && one.status !== "entered-in-error");
  return (
    <Stack maw={720} mx="auto" gap="md">
      <Title order={1}>{t("consents")}</Title>
      <Text>{t("consentsText")}</Text>
      {session.allows("Consent", "c") && <Button w="fit-content" leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setNew(true)}>{t("keepOut")}</Button>}
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading lines={5} />}
      {query.isSuccess && shown.length === 0 && !query.hasNextPage && <Empty title={t("noConsents")} />}
      <Stack gap="xs">{shown.map((one) => <One key={one.id} consent={one} onWithdraw={() => setWithdrawing(one)} />)}</Stack>
      {query.hasNextPage && <Button w="fit-content" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("older")}</Button>}
      <Suspense>{isNew && <GiveConsent patient={patient} onClose={() => setNew(false)} />}</Suspense>
      {withdrawing !== undefined && <Withdraw consent={withdrawing} onClose={() => setWithdrawing(undefined)} />}
    </Stack>
  );
}

function useWords(): (consent: Consent) => string {
  const { t } = useTexts();
  return (consent) => {
    const own = denied(consent);
    if (own !== undefined) return t("says", { name: own.name, what: t(`part.${own.part}`) });
    return words(consent.category[0]) || words(consent.scope);
  };
}

function One({ consent, onWithdraw }: { consent: Stored<Consent>; onWithdraw: () => void }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const said = useWords();
  const until = consent.provision?.period?.end;
  return (
    <Card padding="sm">
      <Group justify="space-between" align="flex-start">
        <div>
          <Text fw={600}>{said(consent)}</Text>
          <Text size="sm">{t(consent.status === "active" ? "inForce" : "notInForce")} · {t("given", { at: day(consent.dateTime) || t("notKnown") })}{until !== undefined && ` · ${t("until", { at: day(until) })}`}</Text>
        </div>
        {consent.status === "active" && denied(consent) !== undefined && session.allows("Consent", "u") && <Button variant="default" onClick={onWithdraw}>{t("withdrawDots")}</Button>}
      </Group>
    </Card>
  );
}

function Withdraw({ consent, onClose }: { consent: Stored<Consent>; onClose: () => void }) {
  const { t } = useTexts();
  const said = useWords();
  const change = useChange<undefined, unknown>(["Consent"], (fhir) => fhir.update<Consent>({ ...consent, status: "inactive" }));
  return (
    <Modal opened onClose={onClose} title={t("withdrawTitle")} closeButtonProps={{ "aria-label": t("close") }}>
      <Stack>
        <Text fw={600}>{said(consent)}</Text>
        <Text>{t("withdrawText")}</Text>
        {change.isError && <Failed title={t("notSaved")} error={change.error instanceof FhirError && change.error.isConflict ? new Error(t("changedMeanwhile")) : change.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t("cancel")}</Button>
          <Button loading={change.isPending} onClick={() => change.mutate(undefined, { onSuccess: () => { told(t("withdrawn")); onClose(); } })}>{t("withdraw")}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
