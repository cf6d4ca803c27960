/** What the standard calls the segments that are met most (HL7 v2.8.2, appendix A); they have no other names in other languages. */
export const SEGMENTS: Readonly<Record<string, string>> = {
  ACC: "Accident", AIG: "Appointment information - general resource", AIL: "Appointment information - location", AIP: "Appointment information - personnel",
  AIS: "Appointment information - service", AL1: "Patient allergy information", ARQ: "Appointment request", CTI: "Clinical trial identification",
  DB1: "Disability", DG1: "Diagnosis", DRG: "Diagnosis related group", DSC: "Continuation pointer", EVN: "Event type", FT1: "Financial transaction",
  GT1: "Guarantor", IAM: "Patient adverse reaction information", IN1: "Insurance", IN2: "Insurance additional information", IN3: "Insurance certification",
  IPC: "Imaging procedure control", MRG: "Merge patient information", MSA: "Message acknowledgment", MSH: "Message header", NK1: "Next of kin",
  NTE: "Notes and comments", OBR: "Observation request", OBX: "Observation/result", ORC: "Common order", PD1: "Patient additional demographic",
  PID: "Patient identification", PR1: "Procedures", PRT: "Participation information", PV1: "Patient visit", PV2: "Patient visit - additional information",
  QPD: "Query parameter definition", RCP: "Response control parameter", RGS: "Resource group", ROL: "Role", RXA: "Pharmacy/treatment administration",
  RXC: "Pharmacy/treatment component order", RXD: "Pharmacy/treatment dispense", RXE: "Pharmacy/treatment encoded order", RXG: "Pharmacy/treatment give",
  RXO: "Pharmacy/treatment order", RXR: "Pharmacy/treatment route", SAC: "Specimen container detail", SCH: "Scheduling activity information",
  SFT: "Software segment", SPM: "Specimen", TQ1: "Timing/quantity", TQ2: "Timing/quantity relationship", TXA: "Transcription document header",
  UAC: "User authentication credential", UB1: "UB82", UB2: "UB92 data",
};
