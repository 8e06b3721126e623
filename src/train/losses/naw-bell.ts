import { FerError } from '../../errors/fer-error.js';

/**
 * The two Gaussians of noise-aware adaptive weighting over s = (p_GT, p_NN), in the paper's names.
 * T: the truth is the top prediction. F: it is not.
 */
export interface NawParameters {
  /** Mean of (p_GT, p_NN) on branch T. */
  readonly muT: readonly [number, number];
  readonly muF: readonly [number, number];
  /** Variance of both p_GT and p_NN on branch T. */
  readonly varT: number;
  /** Covariance on branch T at the end of training; the schedule e(t) brings it up from 0. */
  readonly covT: number;
  readonly varF: number;
  readonly covF: number;
  /** Height of each branch. */
  readonly lambdaT: number;
  readonly lambdaF: number;
  /** With the density's factor 1 / (2 pi sqrt(det)), or with peak 1. */
  readonly normalised: boolean;
  /** Slope of the schedule e(t) = 1 - exp(slope t / T); negative. */
  readonly slope: number;
}

export type NawVariant = 'nla' | 'v-naw';

const MEANS = { muT: [0.5, 0.5], muF: [0.3, 0.15], lambdaT: 1, lambdaF: 1, slope: -15 } as const;

/** Branch T of NLA: standard deviation 0.8 along the ridge p_GT + p_NN = 1, narrower by 2 across it. */
const T = { s: 0.8, r: 2 };
/** Branch F of NLA: 0.91 along p_GT = p_NN, narrower by 6 across it. */
const F = { s: 0.91, r: 6 };

/** The published settings: NLA (arXiv 2502.09993) and V-NAW (arXiv 2503.15970). */
export const NAW_PARAMETERS: Readonly<Record<NawVariant, NawParameters>> = {
  nla: {
    ...MEANS,
    varT: T.s ** 2 + (T.s / T.r) ** 2,
    covT: -(T.s ** 2) + (T.s / T.r) ** 2,
    varF: F.s ** 2 + (F.s / F.r) ** 2,
    covF: F.s ** 2 - (F.s / F.r) ** 2,
    normalised: true,
  },
  'v-naw': { ...MEANS, varT: 0.75, covT: -0.5, varF: 0.85, covF: 0.8, normalised: false },
};

/** The Gaussians a method's settings ask for: the published ones, except for what `naw` sets. Methods without weights get NLA's. */
export function nawParameters(method: {
  readonly name: string;
  readonly naw?: { readonly [K in keyof NawParameters]?: NawParameters[K] | undefined };
}): NawParameters {
  const set = Object.entries(method.naw ?? {}).filter(([, value]) => value !== undefined);
  return { ...NAW_PARAMETERS[method.name === 'v-naw' ? 'v-naw' : 'nla'], ...Object.fromEntries(set) };
}

/** e(t) = 1 - exp(slope t / T), for epoch t (from 0) of T. */
export function nawSchedule(epoch: number, epochs: number, slope: number): number {
  if (!(epochs > 0))
    throw new FerError('CONFIG_INVALID', `the NAW schedule needs a positive number of epochs, not ${epochs}`);
  return 1 - Math.exp((slope * epoch) / epochs);
}

/**
 * The bell of one branch: det Sigma, and its height at the mean.
 * @throws FerError CONFIG_INVALID for a Sigma that is not a covariance.
 */
export function bell(
  variance: number,
  covariance: number,
  height: number,
  normalised: boolean,
): { readonly determinant: number; readonly peak: number } {
  const determinant = variance ** 2 - covariance ** 2;
  if (!(variance > 0 && determinant > 0)) {
    throw new FerError(
      'CONFIG_INVALID',
      `NAW: variance ${variance} and covariance ${covariance} are not a Gaussian; the variance must exceed the covariance's magnitude`,
    );
  }
  return { determinant, peak: normalised ? height / (2 * Math.PI * Math.sqrt(determinant)) : height };
}

/**
 * w of `nawWeights` for one sample whose p_GT and p_NN are known; the equation is there.
 * @throws FerError CONFIG_INVALID for a Sigma that is not a covariance.
 */
export function nawWeightAt(truth: number, nearest: number, parameters: NawParameters, epsilon: number): number {
  const { muT, muF, varT, covT, varF, covF, lambdaT, lambdaF, normalised } = parameters;
  const [mu, variance, covariance, height] =
    truth >= nearest ? [muT, varT, epsilon * covT, lambdaT] : [muF, varF, covF, lambdaF];
  const { determinant, peak } = bell(variance, covariance, height, normalised);
  const dx = truth - mu[0];
  const dy = nearest - mu[1];
  const distance = (variance * (dx ** 2 + dy ** 2) - 2 * covariance * dx * dy) / determinant; // Mahalanobis, squared
  return peak * Math.exp(-0.5 * distance);
}
