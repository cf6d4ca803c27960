import { Alert, Anchor } from "@mantine/core";
import { IconAlertTriangle, IconFlag } from "@tabler/icons-react";
import type { AllergyIntolerance, Bundle, Flag, Patient } from "fhir/r4";
import { useEffect } from "react";
import { useTexts } from "../i18n/i18n.ts";

import { answerOf, idIn, resourcesOf } from "../fhir/bundle.ts";
import { useBatch } from "../fhir/queries.ts";
import { codeIn, words } from "../format/codes.ts";
import { age, day } from "../format/dates.ts";
import { formalName, preferredName, recordNumber } from "../format/people.ts";
import { useSmart } from "../smart/context.tsx";
import { Failed } from "../states/Failed.tsx";

const CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
const VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
/** "No known allergy", and those of drugs, foods and the environment. */
const NO_ALLERGY = new Set(["716186003", "409137002", "429625007", "428607008"]);

/** Patient, allergies and flags in one request. */
export function usePatientBatch(id: string | undefined) {
  const requests = id === undefined ? undefined : [
    `Patient/${id}`,
    `AllergyIntolerance?patient=${id}&_count=50`,
    `Flag?patient=${id}&_sort=-date&_count=50`,
  ];
  const query = useBatch(requests, ["Patient", "AllergyIntolerance", "Flag"]);
  return {
    query,
    patient: answerOf<Patient>(query.data, 0),
    allergies: answerOf<Bundle>(query.data, 1),
    flags: answerOf<Bundle>(query.data, 2),
  };
}

/** Who this is, what they are allergic to and what to look out for; never cut, on every page of a patient. */
export function PatientBanner({ id, patientPath }: { id: string; patientPath?: (id: string) => string }) {
  const { t } = useTexts();
  const { session } = useSmart();
  const { query, patient, allergies, flags } = usePatientBatch(id);
  const name = formalName(patient?.name);
  useTitle(name);

  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.data !== undefined && patient === undefined) {
    return <Alert color="red" role="alert" icon={<IconAlertTriangle aria-hidden />}>{t("failedGone")}</Alert>;
  }
  if (session.grant.launched && !session.grant.needPatientBanner && window.parent !== window) return null;
  const nick = patient === undefined ? undefined : preferredName(patient);
  const number = recordNumber(patient?.identifier);
  const into = patient?.link?.find((link) => link.type === "replaced-by")?.other.reference;
  const intoId = idIn(into, "Patient");
  return (
    <>
      <section className="fs-banner" aria-label={t("patientBanner")} aria-busy={query.isPending}>
        <h1 className="fs-banner-name">{name === "" ? "\u00a0" : name}{nick !== undefined && ` (${nick})`}</h1>
        {patient !== undefined && (
          <dl>
            <div><dt>{t("born")}</dt><dd>{patient.birthDate === undefined ? t("notKnown") : day(patient.birthDate)}<Age patient={patient} /></dd></div>
            {patient.deceasedDateTime !== undefined && <div><dt>{t("died")}</dt><dd>{day(patient.deceasedDateTime)}</dd></div>}
            {patient.deceasedBoolean === true && <div><dt>{t("died")}</dt><dd>{t("notKnown")}</dd></div>}
            <div><dt className="fs-hidden">{t("sex.unknown")}</dt><dd>{t(`sex.${patient.gender ?? "unknown"}`)}</dd></div>
            <div><dt>{t("recordNumber")}</dt><dd>{number ?? t("notKnown")}</dd></div>
          </dl>
        )}
        {patient !== undefined && <Allergies bundle={allergies} />}
        {activeFlags(flags).map((flag) => (
          <span key={flag.id} style={{ color: "var(--fs-warning)", fontWeight: 600 }}>
            <IconFlag size={16} aria-hidden style={{ verticalAlign: "-2px" }} /> {words(flag.code)}
          </span>
        ))}
      </section>
      {intoId !== undefined && (
        <Alert color="red" role="alert" icon={<IconAlertTriangle aria-hidden />} radius={0}>
          {t("merged")}{" "}
          <Anchor href={patientPath === undefined ? `/apps/chart/patients/${intoId}` : `/apps/${location.pathname.split("/")[2] ?? ""}${patientPath(intoId)}`}>{t("mergedOpen")}</Anchor>
        </Alert>
      )}
    </>
  );
}

/** R4 has no search parameter for Flag.status. */
export function activeFlags(flags: Bundle | undefined): Flag[] {
  return resourcesOf<Flag>(flags, "Flag").filter((flag) => flag.status === "active");
}

function Age({ patient }: { patient: Patient }) {
  const { t } = useTexts();
  const old = age(patient.birthDate, patient.deceasedDateTime ?? new Date());
  return old === undefined || patient.deceasedBoolean === true ? null : <> ({t(`ageUnit.${old.unit}`, { n: old.n })})</>;
}

/** Listed, none known, not recorded, or not to be seen: four different things. */
function Allergies({ bundle }: { bundle: Bundle | undefined }) {
  const { t } = useTexts();
  if (bundle === undefined) return <span className="fs-allergies">{t("allergiesHidden")}</span>;
  const current = resourcesOf<AllergyIntolerance>(bundle, "AllergyIntolerance").filter(
    (one) => !["inactive", "resolved"].includes(codeIn(one.clinicalStatus, CLINICAL) ?? "") && !["refuted", "entered-in-error"].includes(codeIn(one.verificationStatus, VERIFICATION) ?? ""),
  );
  const real = current.filter((one) => one.code?.coding?.some((coding) => NO_ALLERGY.has(coding.code ?? "")) !== true);
  if (real.length === 0) {
    return <span className="fs-allergies">{current.length > 0 ? t("allergiesNone") : t("allergiesUnrecorded")}</span>;
  }
  real.sort((a, b) => Number(b.criticality === "high") - Number(a.criticality === "high"));
  return (
    <span className="fs-allergies" style={{ color: "var(--fs-critical)" }}>
      <IconAlertTriangle size={16} aria-hidden style={{ verticalAlign: "-2px" }} />{" "}
      <span>{t("allergies")} </span>
      <strong>
        {real.map((one) => words(one.code) + (one.criticality === "high" ? ` (${t("severity.high")})` : "")).join(", ")}
      </strong>
    </span>
  );
}

/** The window's title begins with the patient. */
function useTitle(name: string): void {
  useEffect(() => {
    const before = document.title;
    if (name !== "") document.title = `${name} · ${before.split(" · ").at(-1) ?? before}`;
    return () => {
      document.title = before;
    };
  }, [name]);
}
