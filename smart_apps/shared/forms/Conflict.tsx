import { Button, Group, Modal, Table, Text } from "@mantine/core";
import { useTexts } from "../i18n/i18n.ts";

export interface Difference {
  field: string;
  theirs: string;
  mine: string;
}

/** Two people have edited one resource: both versions, field by field, and nothing overwritten silently. */
export function Conflict({ differences, onTake, onKeep, onClose }: {
  differences: readonly Difference[];
  onTake: () => void;
  onKeep: () => void;
  onClose: () => void;
}) {
  const { t } = useTexts();
  return (
    <Modal opened onClose={onClose} title={t("conflictTitle")} size="lg" closeButtonProps={{ "aria-label": t("close") }}>
      <Text size="sm" mb="sm">{t("conflictText")}</Text>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col" />
            <Table.Th scope="col">{t("conflictTheirs")}</Table.Th>
            <Table.Th scope="col">{t("conflictMine")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {differences.map((one) => (
            <Table.Tr key={one.field}>
              <Table.Th scope="row">{one.field}</Table.Th>
              <Table.Td>{one.theirs}</Table.Td>
              <Table.Td fw={one.theirs === one.mine ? 400 : 700}>{one.mine}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onTake}>{t("conflictTake")}</Button>
        <Button variant="default" onClick={onKeep}>{t("conflictKeep")}</Button>
      </Group>
    </Modal>
  );
}
