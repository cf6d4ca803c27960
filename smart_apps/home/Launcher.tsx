import { Anchor, Button, Card, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useTexts } from "../shared/i18n/i18n.ts";

import { iconOf } from "../shared/frame/icons.ts";
import { openPalette } from "../shared/frame/PaletteHost.tsx";
import { useMe, useMyApps } from "../shared/frame/useMyApps.ts";
import { inLanguage } from "../shared/i18n/i18n.ts";
import { useSmart } from "../shared/smart/context.tsx";
import { Empty } from "../shared/states/Empty.tsx";
import { Loading } from "../shared/states/Loaded.tsx";
import classes from "./launcher.module.css";

/** Where everybody arrives: the apps of their role, and the way to a patient. */
export function Launcher() {
  const { t } = useTexts();
  const { session } = useSmart();
  const me = useMe();
  const apps = useMyApps().filter((app) => app.name !== "home");
  if (me === undefined) return <Loading />;
  return (
    <Stack maw={1080} mx="auto" gap="lg" pt="md">
      <div>
        <Title order={1}>{t("welcome", { name: me.name })}</Title>
        <Text c="dimmed">{t("lead")}</Text>
      </div>
      {session.allows("Patient", "s") && (
        <Button variant="default" size="lg" justify="start" leftSection={<IconSearch size={20} aria-hidden />} onClick={openPalette} fw={400}>
          {t("find")}
        </Button>
      )}
      {apps.length === 0 && (
        <Empty title={t("noApps")}>
          <Anchor href="/account">{t("account")}</Anchor>
        </Empty>
      )}
      <nav aria-label={t("yourApps")} hidden={apps.length === 0}>
        <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="md">
          {apps.map((app) => {
            const Icon = iconOf(app.icon);
            return (
              <Card key={app.name} component="a" href={`/apps/${app.name}/`} className={classes.tile}>
                <Icon size={28} stroke={1.5} aria-hidden />
                <div>
                  <Text fw={600}>{inLanguage(app.title)}</Text>
                  <Text size="sm" c="dimmed">{inLanguage(app.description)}</Text>
                </div>
              </Card>
            );
          })}
        </SimpleGrid>
      </nav>
    </Stack>
  );
}
