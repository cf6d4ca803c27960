import { Alert, Anchor, Button, Card, Checkbox, Group, Radio, Select, Stack, Text, Textarea, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ImagingStudy, Patient } from "fhir/r4";
import { useState } from "react";
import { Link, useLocation } from "wouter";

import { FhirError } from "../../shared/fhir/client.ts";
import { useAsk, useChange, useRead } from "../../shared/fhir/queries.ts";
import { isoNow } from "../../shared/format/dates.ts";
import { formalName } from "../../shared/format/people.ts";
import { told } from "../../shared/forms/saving.ts";
import { useMe, useRole } from "../../shared/frame/useMyApps.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { useSmart } from "../../shared/smart/context.tsx";
import { Empty } from "../../shared/states/Empty.tsx";
import { Failed } from "../../shared/states/Failed.tsx";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { Thumbnail } from "../studies/Thumbnail.tsx";
import { patientOf, titleOf, uidOf } from "../studies/studies.ts";
import type { Attributes } from "../viewer/dicom.ts";
import { FileHead } from "../viewer/FileHead.tsx";
import { seriesOf } from "../viewer/useStacks.ts";
import { FindPatient } from "./FindPatient.tsx";
import { Identity } from "./Identity.tsx";
import { countOf, move, REASONS, type Move, type Reason } from "./move.ts";
import classes from "./moving.module.css";

const WHOLE = "";

/** Images that were filed under a wrong patient go to the right one: what, to whom, why; then what will happen, and then it does. */
export default function MoveStudy({ id }: { id: string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const query = useRead<ImagingStudy>("ImagingStudy", id);
  const mayMove = useRole("radiologist") && session.allows("ImagingStudy", "u");
  return (
    <Loaded query={query} lines={8}>
      {(study) => {
        const from = patientOf(study);
        if (!mayMove) return <Empty title={t("move.notYours")}><Text size="sm">{t("move.notYoursText")}</Text></Empty>;
        if (from === undefined) return <Empty title={t("nobodys")}><Text size="sm">{t("move.nobodysText")}</Text></Empty>;
        return <Form key={study.id} study={study} from={from} />;
      }}
    </Loaded>
  );
}

function Form({ study, from }: { study: ImagingStudy; from: string }) {
  const { t } = useTexts();
  const { config, session } = useSmart();
  const me = useMe();
  const [, go] = useLocation();
  const now = useRead<Patient>("Patient", from);
  const all = seriesOf(study);
  const [series, setSeries] = useState(all.length > 1 ? undefined : WHOLE);
  const [to, setTo] = useState<Patient>();
  const [reason, setReason] = useState<Reason>(REASONS[0]);
  const [why, setWhy] = useState("");
  const [isSure, setSure] = useState(false);
  const [isTried, setTried] = useState(false);
  const doing = useChange<Move, string | undefined>(["ImagingStudy", "DiagnosticReport"], (fhir, asked) => move(fhir, config.dicomweb, asked));
  const chosen = series === undefined || series === WHOLE ? undefined : series;
  const count = countOf(study, chosen);
  const isComplete = series !== undefined && to !== undefined && why.trim() !== "" && isSure;

  const act = () => {
    setTried(true);
    if (!isComplete || to.id === undefined) return;
    const by = session.grant.fhirUser === undefined ? undefined : { reference: session.grant.fhirUser, display: me?.name };
    doing.mutate({ study, series: chosen, to: to.id, reason, why: why.trim(), at: isoNow(), by }, {
      onSuccess: (made) => {
        told(t("move.done", { n: count, name: formalName(to.name) }));
        go(made === undefined ? `/patients/${to.id ?? ""}` : `/studies/${made}`, { replace: true });
      },
    });
  };
  return (
    <Stack maw={820} gap="md">
      <div>
        <Anchor component={Link} href={`/studies/${study.id ?? ""}`} size="sm">{titleOf(study) ?? t("untitled")}</Anchor>
        <Title order={1}>{t("move.title")}</Title>
        <Text size="sm" c="dimmed">{t("move.text")}</Text>
      </div>
      <form noValidate onSubmit={(event) => { event.preventDefault(); act(); }}>
        <Stack gap="md">
          <Radio.Group label={t("move.what")} withAsterisk value={series ?? null} onChange={setSeries} error={isTried && series === undefined ? t("move.chooseWhat") : undefined}>
            <Stack gap="xs" mt="xs">
              <Radio value={WHOLE} label={t("move.whole", { n: countOf(study) })} />
              {all.length > 1 && all.map((one) => (
                <div key={one.uid} className={classes.series}>
                  <Thumbnail path={`studies/${uidOf(study) ?? ""}/series/${one.uid}`} label={one.modality.code ?? ""} />
                  <Radio value={one.uid} label={t("move.series", { number: one.number ?? 0, description: one.description ?? "", n: one.numberOfInstances ?? 0 })} />
                </div>
              ))}
            </Stack>
          </Radio.Group>
          {to === undefined
            ? <FindPatient except={from} error={isTried ? t("move.chooseWhom") : undefined} onChoose={(one) => { setTo(one); setSure(false); }} />
            : <Group gap="sm"><Text><Text span c="dimmed">{t("move.to")}: </Text><Identity patient={to} /></Text><Button size="xs" variant="default" onClick={() => { setTo(undefined); setSure(false); }}>{t("move.other")}</Button></Group>}
          <Select label={t("move.reason")} allowDeselect={false} maw={420} value={reason} data={REASONS.map((one) => ({ value: one, label: t(`move.reasons.${one}`) }))} onChange={(value) => setReason(REASONS.find((one) => one === value) ?? REASONS[0])} />
          <Textarea label={t("move.why")} description={t("move.whyHint")} withAsterisk autosize minRows={2} maxLength={500} value={why} error={isTried && why.trim() === "" ? t("required") : undefined} onChange={(event) => setWhy(event.currentTarget.value)} />
          {to !== undefined && series !== undefined && (
            <Card component="section" aria-label={t("move.plan")}>
              <Title order={2} size="h4" mb="xs">{t("move.plan")}</Title>
              <dl className={classes.plan}>
                <dt>{t("move.goes")}</dt><dd>{t("images", { n: count })}</dd>
                <dt>{t("move.leaves")}</dt><dd>{now.data === undefined ? t("notKnown") : <Identity patient={now.data} />}</dd>
                <dt>{t("move.comes")}</dt><dd><Identity patient={to} /></dd>
                <dt>{t("move.says")}</dt><dd><Said study={study} series={chosen ?? all[0]?.uid} to={to} /></dd>
              </dl>
              <Text size="sm" mt="sm">{t(chosen === undefined ? "move.wholeThen" : "move.seriesThen")}</Text>
              <Checkbox mt="sm" checked={isSure} error={isTried && !isSure ? t("move.beSure") : undefined} onChange={(event) => setSure(event.currentTarget.checked)} label={t("move.sure", { name: formalName(to.name) })} />
            </Card>
          )}
          {doing.isError && <Failed title={t("move.failed")} error={doing.error instanceof FhirError && doing.error.status === 412 ? new Error(t("move.changed")) : doing.error} />}
          <Group>
            {/* Whom it is about isn't cut on a phone. */}
            <Button type="submit" color="red" loading={doing.isPending} h="auto" mih={36} py={4} styles={{ label: { whiteSpace: "normal" } }}>{to === undefined ? t("move.act") : t("move.actTo", { n: count, name: formalName(to.name) })}</Button>
            <Button variant="default" component={Link} href={`/studies/${study.id ?? ""}`}>{t("cancel")}</Button>
          </Group>
        </Stack>
      </form>
    </Stack>
  );
}

/** Whose the files themselves say that they are, beside who is to have them. */
function Said({ study, series, to }: { study: ImagingStudy; series: string | undefined; to: Patient }) {
  const { t } = useTexts();
  const { config } = useSmart();
  const address = `${config.dicomweb}/studies/${uidOf(study) ?? ""}/series/${series ?? ""}/instances?limit=1&includefield=all`;
  const query = useAsk<Attributes[]>([], series === undefined ? undefined : ["file-head", address], (fhir) => fhir.other<Attributes[]>(address, { accept: "application/dicom+json" }));
  return (
    <Loaded query={query} lines={2}>
      {([file]) => (file === undefined ? <Alert color="gray" icon={<IconAlertTriangle aria-hidden />}>{t("notKnown")}</Alert> : <FileHead file={file} patient={to} />)}
    </Loaded>
  );
}
