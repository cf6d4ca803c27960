import { Accordion, Badge, Card, Code, Stack, Switch, Table, Text, TextInput, Title } from "@mantine/core";
import { useState } from "react";

import { useAsk } from "../../shared/fhir/queries.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Loaded } from "../../shared/states/Loaded.tsx";

interface Setting {
  variable: string;
  value: string | number | boolean | null;
  isSet: boolean;
  isSecret: boolean;
  isDefault: boolean;
  help: string;
}

interface Subject {
  title: string;
  settings: Setting[];
}

/** What the server was started with; secrets are never told. */
export function SettingGroups() {
  const { t } = useTexts();
  const query = useAsk<Subject[]>([], ["settings"], async (fhir) => (await fhir.other<{ groups: Subject[] }>("/admin/settings")).groups);
  const [isOwnOnly, setOwnOnly] = useState(false);
  const [typed, setTyped] = useState("");
  return (
    <Card component="section" aria-labelledby="settings">
      <Title order={2} id="settings" mb="xs">{t("settings")}</Title>
      <Stack gap="sm">
        <Text size="sm">{t("settingsLead")}</Text>
        <TextInput maw={420} label={t("findSetting")} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
        <Switch label={t("ownOnly")} checked={isOwnOnly} onChange={(event) => setOwnOnly(event.currentTarget.checked)} />
        <Loaded query={query} lines={6}>
          {(subjects) => {
            const word = typed.trim().toLocaleLowerCase();
            const shown = subjects.map((subject) => ({ ...subject, settings: subject.settings.filter((one) => (!isOwnOnly || !one.isDefault) && `${one.variable} ${one.help}`.toLocaleLowerCase().includes(word)) })).filter((subject) => subject.settings.length > 0);
            if (shown.length === 0) return <Text role="status">{t("nothingFound")}</Text>;
            return (
              <Accordion multiple variant="separated" key={word === "" && !isOwnOnly ? "closed" : "open"} defaultValue={word === "" && !isOwnOnly ? [] : shown.map((subject) => subject.title)} order={3}>
                {shown.map((subject) => (
                  <Accordion.Item key={subject.title} value={subject.title}>
                    <Accordion.Control>{subject.title} ({subject.settings.length})</Accordion.Control>
                    <Accordion.Panel><Settings subject={subject} /></Accordion.Panel>
                  </Accordion.Item>
                ))}
              </Accordion>
            );
          }}
        </Loaded>
      </Stack>
    </Card>
  );
}

function Settings({ subject }: { subject: Subject }) {
  const { t } = useTexts();
  const value = (one: Setting) => {
    if (one.isSecret) return t(one.isSet ? "secretSet" : "secretUnset");
    return one.value === null || one.value === "" ? t("notSet") : String(one.value);
  };
  return (
    <Table className="fs-cards" aria-label={subject.title}>
      <Table.Thead><Table.Tr><Table.Th scope="col">{t("setting")}</Table.Th><Table.Th scope="col" w="35%">{t("settingValue")}</Table.Th></Table.Tr></Table.Thead>
      <Table.Tbody>
        {subject.settings.map((one) => (
          <Table.Tr key={one.variable}>
            <Table.Th scope="row" fw={400}><Text size="sm">{one.help}</Text><Code style={{ overflowWrap: "anywhere" }}>{one.variable}</Code></Table.Th>
            <Table.Td data-label={t("settingValue")} style={{ overflowWrap: "anywhere" }}>{value(one)} {!one.isDefault && <Badge variant="light" color="gray">{t("changedSetting")}</Badge>}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
