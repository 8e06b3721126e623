import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { FerError } from '../../errors/fer-error.js';
import { AtomicFile } from '../../files/atomic-file.js';
import { exists, makeFolder } from '../../files/write-error.js';
import type { PriorChoice } from '../../model/class-prior.js';
import { openModel } from '../../model/heads/open-model.js';
import { loadForInference } from '../../model/sessions/inference-engine.js';
import type { LoadedOnEngine } from '../../model/sessions/inference-engine.js';
import type { ExpressionModel } from '../../model/expression-model.js';
import type { FaceNotes } from '../../train/data/faces/face-dataset.js';
import { faceHandling } from '../../train/data/faces/detected-faces.js';
import { openSplit, samplesOf, withFaces } from '../../train/data/faces/open-faces.js';
import { FACE_CHOICES, SPLITS } from '../../train/data/sample.js';
import { answersTo, evaluateAnswers } from '../../train/evaluate/evaluate.js';
import type { Answers } from '../../train/evaluate/evaluate.js';
import { EvaluationFiles, evaluationReport } from '../../train/evaluate/evaluation-files.js';
import { rangeSchema, sampleRanges } from './task.js';
import type { Task, TaskContext } from './task.js';

const settings = z.object({
  /** FORMAT:DIR with an absolute path. */
  data: z.string(),
  split: z.enum(SPLITS),
  fold: z.number().exactOptional(),
  labels: z.string().exactOptional(),
  model: z.string(),
  faces: z.enum(FACE_CHOICES),
  prior: z.string(),
  adapt: z.custom<PriorChoice>(),
  flip: z.boolean(),
  ignoreMissing: z.boolean(),
  json: z.string(),
  predictions: z.string().optional(),
  samplesPerJob: z.number(),
});
type Settings = z.infer<typeof settings>;
type Range = z.infer<typeof rangeSchema>;

/** Last line of a part's file; the others are `Answers`. */
interface PartEnd {
  readonly notes: FaceNotes;
  /** Version of the model that answered. */
  readonly version: string;
}

/** `fer evaluate`: a part writes a model's answers for some samples; the merge adapts, counts and reports them. */
export const evaluateTask: Task<Settings, Range> = {
  settings,
  part: rangeSchema,

  async split(asked, { folder }) {
    // Data and model may have changed since the parts of an earlier run were written.
    await rm(folder, { recursive: true, force: true });
    const samples = await samplesOf(await openSplit(asked), asked);
    return sampleRanges(`evaluate ${asked.data}`, samples.length, asked.samplesPerJob);
  },

  async run(asked, range, context) {
    const path = partPath(context.folder, range);
    if (await exists(path)) return;
    const { loaded: model, backend } = await load(asked, context);
    try {
      await makeFolder(context.folder);
      const file = await AtomicFile.open(path);
      try {
        const { signal } = context;
        const options = { model, faces: asked.faces, backend: backend.name, workers: 0, range, signal };
        await withFaces(await openSplit(asked), asked, options, async (crops) => {
          for await (const answers of answersTo(model, crops, { flip: asked.flip, signal }))
            await file.write(`${JSON.stringify(answers, plainArrays)}\n`);
          await file.write(`${JSON.stringify({ notes: crops.notes, version: model.version } satisfies PartEnd)}\n`);
        });
        await file.prepare();
        await file.commit();
      } finally {
        await file.abort();
      }
    } finally {
      model.dispose();
    }
  },

  async merge(asked, parts, context) {
    const dataset = await openSplit(asked);
    const { loaded: model, backend } = await load(asked, context);
    const files = await EvaluationFiles.open(asked, model);
    try {
      const notes: FaceNotes = { wholePictures: 0, unreadable: [] };
      const answers = async function* (): AsyncGenerator<Answers> {
        for (const range of parts) {
          let end: PartEnd | null = null;
          for await (const line of readPart(partPath(context.folder, range))) {
            if ('notes' in line) end = line;
            else yield line;
          }
          if (end?.version !== model.version) throw changed(asked);
          notes.wholePictures += end.notes.wholePictures;
          notes.unreadable.push(...end.notes.unreadable);
        }
      };
      const evaluation = await evaluateAnswers(model, answers(), {
        prior: asked.adapt,
        ignoreMissing: asked.ignoreMissing,
        onPrediction: (prediction) => files.add(prediction),
      });
      const faces = await faceHandling(asked.faces, model, asked.data);
      await files.commit(evaluationReport({ ...asked, faces }, model, backend, dataset, { evaluation, notes }));
      await rm(context.folder, { recursive: true, force: true });
      const missing = notes.unreadable.length + dataset.problems.length;
      const note = missing === 0 ? null : `${missing} files or rows could not be read`;
      return { outputs: [asked.json, ...(asked.predictions === undefined ? [] : [asked.predictions])], note };
    } finally {
      await files.abort();
      model.dispose();
    }
  },
};

function load({ model }: Settings, { backend }: TaskContext): Promise<LoadedOnEngine<ExpressionModel>> {
  return loadForInference({ backend }, (open) => openModel(model, { open }));
}

function partPath(folder: string, [first, end]: Range): string {
  return join(folder, `${first}-${end}.jsonl`);
}

/** Nothing where there is no file. */
async function* readPart(path: string): AsyncGenerator<Answers | PartEnd> {
  try {
    for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity }))
      yield JSON.parse(line) as Answers | PartEnd;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function plainArrays(_: string, value: unknown): unknown {
  return value instanceof Float32Array ? [...value] : value;
}

function changed({ model }: Settings): FerError {
  return new FerError(
    'MODEL_INCOMPATIBLE',
    `${model}: changed while it was evaluated, or is not the same on all workers; submit the evaluation again`,
  );
}
