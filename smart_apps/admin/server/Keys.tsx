import { Badge, Button, Card, Checkbox, Code, List, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";

import { useAsk, useChange } from "../../shared/fhir/queries.ts";
import { told } from "../../shared/forms/saving.ts";
import { useTexts } from "../../shared/i18n/i18n.ts";
import { Loaded } from "../../shared/states/Loaded.tsx";
import { Confirm } from "../people/Confirm.tsx";
import { useMayChange } from "../people/rights.ts";

interface Held {
  /** Public halves, the one that signs first. */
  signing: { kid?: string; alg?: string; kty?: string }[];
  wrapping: { id: string; provider: string; version: string | number }[];
}

/** The keys by which apps trust this server's sign-ins, and the master keys. */
export function Keys() {
  const { t } = useTexts();
  const query = useAsk<Held>(["Key"], ["keys"], (fhir) => fhir.other<Held>("/admin/keys"));
  const mayChange = useMayChange();
  const [isAsked, setAsked] = useState(false);
  return (
    <Card component="section" aria-labelledby="keys">
      <Title order={2} id="keys" mb="xs">{t("keys")}</Title>
      <Loaded query={query} lines={3}>
        {(held) => (
          <Stack gap="xs">
            <Text size="sm">{t("signingLead")}</Text>
            {held.signing.length === 0 ? <Text>{t("noKeys")}</Text> : (
              <List size="sm" aria-label={t("signingKeys")}>
                {held.signing.map((key, n) => <List.Item key={key.kid ?? n}><Code>{key.kid}</Code> {key.alg ?? key.kty} {n === 0 ? <Badge variant="light">{t("keySigns")}</Badge> : <Text span size="sm" c="dimmed">{t("keyOld")}</Text>}</List.Item>)}
              </List>
            )}
            {mayChange && <Button w="fit-content" variant="default" onClick={() => setAsked(true)}>{t("rotateDots")}</Button>}
            <Text size="sm" mt="xs">{t("wrappingLead")}</Text>
            <List size="sm" aria-label={t("wrappingKeys")}>{held.wrapping.map((key) => <List.Item key={key.id}><Code>{key.id}</Code> {t("wrapped", { provider: key.provider, version: key.version })}</List.Item>)}</List>
          </Stack>
        )}
      </Loaded>
      {isAsked && <Rotate onClose={() => setAsked(false)} />}
    </Card>
  );
}

function Rotate({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const [forgetOld, setForgetOld] = useState(false);
  const rotate = useChange<undefined, { kid: string }>(["Key"], (fhir) => fhir.other("/admin/keys/signing", { method: "POST", body: { forgetOld } }));
  return (
    <Confirm title={t("rotateTitle")} action={t("rotate")} isDanger={forgetOld} isBusy={rotate.isPending} error={rotate.error} onClose={onClose} onDo={() => rotate.mutate(undefined, { onSuccess: ({ kid }) => { told(t("rotated", { kid })); onClose(); } })}>
      <Text>{t("rotateText")}</Text>
      <Checkbox label={t("forgetOld")} description={t("forgetOldMeans")} checked={forgetOld} onChange={(event) => setForgetOld(event.currentTarget.checked)} />
    </Confirm>
  );
}
