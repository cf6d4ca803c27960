import { Checkbox, Fieldset, NativeSelect, Stack, Textarea, TextInput } from "@mantine/core";
import { useState, type ChangeEvent } from "react";

import { isoDay } from "../../shared/format/dates.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import type { Errors } from "./checks.ts";
import { emptyAddress, emptyContact, emptyIdentifier, emptyName, emptyTelecom, type Fields } from "./fields.ts";
import classes from "./form.module.css";
import { GENDERS, IDENTIFIER_KINDS, LANGUAGE_CODES, languageName, NAME_USES, PLACE_USES, RELATIONSHIPS, TELECOM_SYSTEMS, TELECOM_USES } from "./kinds.ts";
import { PractitionerPicker } from "./PractitionerPicker.tsx";
import { Rows } from "./Rows.tsx";

type Change = ChangeEvent<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>;
/** Texts in any script and direction, which no browser completes. */
const ANY = { classNames: { input: classes.any }, autoComplete: "off", spellCheck: false };

/** The fields of a patient; `only` the contact details for those who may change no more. */
export function PersonForm({ fields, errors, only, onChange }: {
  fields: Fields;
  errors: Errors;
  only?: "contact";
  onChange: (more: Partial<Fields>) => void;
}) {
  const { t, language } = useTexts();
  const error = (name: string) => (errors[name] === undefined ? undefined : t(errors[name]));
  const choices = (group: string, codes: readonly string[], value: string) => [
    { value: "", label: t("choiceNone") },
    ...(value !== "" && !codes.includes(value) ? [{ value, label: value }] : []),
    ...codes.map((code) => ({ value: code, label: t(`${group}.${code}`) })),
  ];
  const languages = LANGUAGE_CODES.map((code) => ({ value: code, label: languageName(code, language) })).sort((a, b) => a.label.localeCompare(b.label, language));
  return (
    <Stack gap="md">
      {only === undefined && (
        <>
          <Rows title={t("names")} one={t("name")} rows={fields.names} make={() => emptyName("maiden")} onChange={(names) => onChange({ names })}>
            {(row, change, n) => {
              const field = (name: "prefix" | "given" | "family" | "suffix" | "text", more: object = {}) => (
                <TextInput label={t(`person.${name}`)} value={row[name]} {...ANY} onChange={(event: Change) => change({ [name]: event.currentTarget.value })} {...more} />
              );
              return (
                <>
                  {field("family", { error: n === 0 ? error("names") : undefined, withAsterisk: n === 0 })}
                  {field("given")}
                  {(row.text !== "" || row.of?.text !== undefined) && row.of?.family === undefined && field("text")}
                  {field("prefix")}
                  {field("suffix")}
                  <NativeSelect label={t("nameUse")} value={row.use} data={choices("nameUses", NAME_USES, row.use)} onChange={(event) => change({ use: event.currentTarget.value })} />
                </>
              );
            }}
          </Rows>
          <Fieldset legend={t("birthAndSex")}>
            <div className={classes.fields}>
              <BirthDate value={fields.birthDate} error={error("birthDate")} onChange={(birthDate) => onChange({ birthDate })} />
              <NativeSelect label={t("sexColumn")} withAsterisk value={fields.gender} error={error("gender")} onChange={(event) => onChange({ gender: event.currentTarget.value })}
                data={[{ value: "", label: t("choose") }, ...GENDERS.map((one) => ({ value: one, label: t(`sex.${one}`) }))]} />
            </div>
          </Fieldset>
          <Rows title={t("numbers")} one={t("number")} rows={fields.identifiers} make={emptyIdentifier} onChange={(identifiers) => onChange({ identifiers })}>
            {(row, change) => (
              <>
                <NativeSelect label={t("kindColumn")} value={row.kind} data={choices("identifierKind", IDENTIFIER_KINDS, row.kind)} onChange={(event) => change({ kind: event.currentTarget.value })} />
                <TextInput label={t("number")} value={row.value} {...ANY} onChange={(event) => change({ value: event.currentTarget.value })} />
                <TextInput label={t("issuer")} value={row.issuer} {...ANY} onChange={(event) => change({ issuer: event.currentTarget.value })} />
              </>
            )}
          </Rows>
        </>
      )}
      <Rows title={t("telecoms")} one={t("telecom")} rows={fields.telecoms} make={emptyTelecom} onChange={(telecoms) => onChange({ telecoms })}>
        {(row, change) => (
          <>
            <NativeSelect label={t("kindColumn")} value={row.system} data={choices("telecomSystem", TELECOM_SYSTEMS, row.system).slice(1)} onChange={(event) => change({ system: event.currentTarget.value })} />
            <TextInput label={t("telecomValue")} value={row.value} error={error(row.key)} type={row.system === "email" ? "email" : ["phone", "sms", "fax"].includes(row.system) ? "tel" : "text"} autoComplete="off" onChange={(event) => change({ value: event.currentTarget.value })} />
            <NativeSelect label={t("use")} value={row.use} data={choices("telecomUse", TELECOM_USES, row.use)} onChange={(event) => change({ use: event.currentTarget.value })} />
          </>
        )}
      </Rows>
      <Rows title={t("addresses")} one={t("address")} rows={fields.addresses} make={emptyAddress} onChange={(addresses) => onChange({ addresses })}>
        {(row, change) => {
          const field = (name: "postalCode" | "city" | "state" | "country") => <TextInput label={t(`person.${name}`)} value={row[name]} {...ANY} onChange={(event) => change({ [name]: event.currentTarget.value })} />;
          return (
            <>
              <Textarea className={classes.wide} label={t("person.line")} autosize minRows={1} value={row.lines} {...ANY} onChange={(event) => change({ lines: event.currentTarget.value })} />
              {field("postalCode")}{field("city")}{field("state")}{field("country")}
              <NativeSelect label={t("use")} value={row.use} data={choices("placeUse", PLACE_USES, row.use)} onChange={(event) => change({ use: event.currentTarget.value })} />
            </>
          );
        }}
      </Rows>
      <Rows title={t("contacts")} one={t("contact")} rows={fields.contacts} make={emptyContact} onChange={(contacts) => onChange({ contacts })}>
        {(row, change) => (
          <>
            <NativeSelect label={t("relation")} value={row.relationship} data={choices("relationship", RELATIONSHIPS, row.relationship)} onChange={(event) => change({ relationship: event.currentTarget.value })} />
            <TextInput label={t("person.family")} value={row.family} {...ANY} onChange={(event) => change({ family: event.currentTarget.value })} />
            <TextInput label={t("person.given")} value={row.given} {...ANY} onChange={(event) => change({ given: event.currentTarget.value })} />
            <TextInput label={t("person.phone")} type="tel" value={row.phone} autoComplete="off" onChange={(event) => change({ phone: event.currentTarget.value })} />
          </>
        )}
      </Rows>
      {only === undefined && (
        <Fieldset legend={t("languageAndDoctor")}>
          <div className={classes.fields}>
            <NativeSelect label={t("spoken")} value={fields.language} onChange={(event) => onChange({ language: event.currentTarget.value })}
              data={[{ value: "", label: t("choiceNone") }, ...(fields.language === "" || languages.some((one) => one.value === fields.language) ? [] : [{ value: fields.language, label: languageName(fields.language, language) }]), ...languages]} />
            <PractitionerPicker key={fields.practitioner?.reference ?? ""} value={fields.practitioner} onChange={(practitioner) => onChange({ practitioner })} />
          </div>
        </Fieldset>
      )}
    </Stack>
  );
}

/** A day, or as much of it as is known: 1945 or 1945-07. */
function BirthDate({ value, error, onChange }: { value: string; error: string | undefined; onChange: (value: string) => void }) {
  const { t } = useTexts();
  const [isPartly, setPartly] = useState(value.length === 4 || value.length === 7);
  return (
    <div>
      {isPartly
        ? <TextInput label={t("person.birthDate")} description={t("birthPartlyHint")} placeholder="1945-07" inputMode="numeric" value={value} error={error} autoComplete="off" onChange={(event) => onChange(event.currentTarget.value.trim())} />
        : <TextInput label={t("person.birthDate")} type="date" max={isoDay()} value={value} error={error} autoComplete="off" onChange={(event) => onChange(event.currentTarget.value)} />}
      <Checkbox mt={10} size="sm" label={t("birthPartly")} checked={isPartly} onChange={(event) => {
        setPartly(event.currentTarget.checked);
        onChange(event.currentTarget.checked ? value.slice(0, 7) : value.length === 10 ? value : "");
      }} />
    </div>
  );
}
