// The shapes of the HTTP interface, from its description (schema.d.ts is made by `npm run types`).
import type { components, paths } from './schema';

type S = components['schemas'];

export type State = S['Tile']['state'];
export type Priority = Exclude<State, 'normal'>;
export type Role = S['Session']['role'];
export type Session = S['Session'];
export type System = S['System'];
export type Tile = S['Tile'];
export type Card = S['Card'];
export type Overview = S['Overview'];
export type Completeness = Omit<S['Completeness'], 'cells'> & { cells: [received: number, expected: number][] };
export type DeviceRow = S['DeviceRow'];
export type DeviceStatus = DeviceRow['status'];
export type Commodity = DeviceRow['commodity'];
export type Device = S['Device'];
export type Channel = S['Channel'];
export type Point = S['Point'];
export type Series = Omit<S['Readings']['series'][number], 'points'> & { points: Point[] };
export type Readings = Omit<S['Readings'], 'series'> & { series: Series[] };
export type Event = S['Event'];
export type Severity = Event['severity'];
export type Command = S['Command'];
export type Abnormal = S['AbnormalItem'];
export type Segment = S['Segment'];
export type MissingList = S['MissingList'];
export type User = S['User'];
export type ApiKey = S['ApiKey'];
export type Edge = S['Edge'];
export type EdgeRetry = S['EdgeRetry'];
export type VeeDayRow = S['VeeDayRow'];
export type VeeDays = S['VeeDays'];
export type VeeDay = S['VeeDay'];
export type VeeState = VeeDayRow['state'];
export type VeeQueueItem = S['VeeQueueItem'];
export type VeeQueue = S['VeeQueue'];
export type Finding = VeeDay['findings'][number];
export type Decision = VeeDay['decisions'][number];
export type Version = S['VersionHistory']['items'][number];
export type Edit = S['Edit'];

export type BillingAccount = S['BillingAccount'];
export type BillingAccountWhole = S['BillingAccountWhole'];
export type StatementRow = S['StatementRow'];
export type Statement = S['Statement'];
export type StatementLine = Statement['lines'][number];
export type BillTrace = S['BillTrace'];
export type BillHold = S['BillHold'];
export type BillingRun = S['BillingRun'];
export type Balance = S['Balance'];
export type BalanceList = S['BalanceList'];
export type SumList = S['SumList'];
export type VirtualTerm = S['VirtualTerm'];
export type VirtualMeter = S['VirtualMeter'];

export type Ratios = paths['/api/v1/devices/{id}/ratios']['get']['responses'][200]['content']['application/json'];

// Of the live stream only.
/** Final values that had been given out are others now. */
export interface Correction {
  device: number; serial: string; channel: number; date: string; revision: number; intervals: number; who: string; why: string;
}
export interface Arrivals { readings: number; meters: number; per_s: number; total: number }
export interface LiveReading {
  device: number; serial: string; channel: number; name: string; time: string; value: number; unit: string; quality: Point[2];
}
