/** A stage of a survey. */
import type { Table } from "npm:apache-arrow@21.2.0";
import type { Chart } from "../../charts/chart.ts";
import type { Device } from "../../runtime/device.ts";

/** What a stage has to work with. */
export interface StageContext {
  readonly device: Device;
  /** The folder of the survey, where a stage may write files of its own. */
  readonly out: string;
  /** Seconds that the stage may take, about. */
  readonly seconds: number;
  /** Aborted when these seconds are over, and when the survey is stopped: nothing more is begun. */
  readonly signal: AbortSignal;
  /** Aborted when the survey is stopped: what runs ends at once. */
  readonly stop: AbortSignal;
}

/** One stage: it leaves a table. */
export interface Stage {
  /** The name of its file. */
  readonly name: string;
  /** Its heading on the page. */
  readonly title: string;
  /** What its table shows, a sentence or two. */
  readonly text: string;
  /** Its share of the survey's time. */
  readonly share: number;
  /** Measures; where the time is over, it returns what it has. */
  readonly run: (context: StageContext) => Promise<Table>;
  /** Charts for the page, of the files in `out`. Default: none. */
  readonly charts?: (out: string) => Promise<readonly Chart[]>;
}
