import { Center, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

/** There is nothing, and that is known: says so, and what to do next. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Center py="xl">
      <Stack gap="xs" align="center" maw={440} ta="center">
        <Text fw={600}>{title}</Text>
        {children !== undefined && <div>{children}</div>}
      </Stack>
    </Center>
  );
}
