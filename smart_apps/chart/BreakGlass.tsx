import { Alert, Button, Card, Radio, Stack, Text, Textarea, Title } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import type { Parameters } from "fhir/r4";
import { useState } from "react";

import { FhirError } from "../shared/fhir/client.ts";
import { told } from "../shared/forms/saving.ts";
import { useTexts } from "../shared/i18n/i18n.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { signInAgain } from "../shared/smart/launch.ts";
import { useReason } from "../shared/states/Failed.tsx";
import { rememberEmergency } from "./emergency.ts";

const LEAST = 10;

/** The record isn't open to who asks: in an emergency it can be opened for an hour, with a reason, and others are told. */
export default function BreakGlass({ patient, onOpened }: { patient: string; onOpened: () => void }) {
  const { t } = useTexts();
  const { app, fhir, session } = useSmart();
  const queries = useQueryClient();
  const why = useReason();
  const [purpose, setPurpose] = useState("ETREAT");
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<string>();
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const isShort = reason.trim().length < LEAST;

  const open = async () => {
    setTried(true);
    if (isShort || isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      const answer = await fhir.operation<Parameters>(`Patient/${patient}/$break-glass`, {
        resourceType: "Parameters",
        parameter: [{ name: "purpose", valueCode: purpose }, { name: "reason", valueString: reason.trim() }],
      });
      rememberEmergency(patient, answer);
      told(t("glassOpened"));
      await queries.invalidateQueries();
      onOpened();
    } catch (error) {
      // The server wants to know that it is still the same person: sign in once more, then try again.
      const isOld = error instanceof FhirError && (error.status === 401 || (error.status === 403 && /sign.?in|authenticat/i.test(error.message)));
      setProblem(isOld ? "old" : why(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card maw={560}>
      <form noValidate onSubmit={(event) => { event.preventDefault(); void open(); }}>
        <Stack gap="sm">
          <Title order={2}><IconLock size={20} aria-hidden style={{ verticalAlign: "-3px" }} /> {t("glassTitle")}</Title>
          <Text size="sm">{t("glassText")}</Text>
          <Radio.Group label={t("glassPurpose")} value={purpose} onChange={setPurpose}>
            <Stack gap={6} mt={4}>
              <Radio value="ETREAT" label={t("glassTreat")} />
              <Radio value="BTG" label={t("glassOther")} />
            </Stack>
          </Radio.Group>
          <Textarea label={t("glassReason")} description={t("glassReasonHint", { n: LEAST })} autosize minRows={2} maxLength={1000} value={reason} withAsterisk
            error={isTried && isShort ? t("glassReasonShort", { n: LEAST }) : undefined} onChange={(event) => setReason(event.currentTarget.value)} />
          <Alert color="yellow">{t("glassTold")}</Alert>
          {problem === "old" && <Alert role="alert" color="red">{t("glassSignIn")} <Button mt="xs" size="xs" variant="default" onClick={() => signInAgain(app, session)}>{t("signInAgain")}</Button></Alert>}
          {problem !== undefined && problem !== "old" && <Alert role="alert" color="red">{problem}</Alert>}
          <Button type="submit" color="red" loading={isBusy}>{t("glassOpen")}</Button>
        </Stack>
      </form>
    </Card>
  );
}
