import { createRequire } from 'node:module';
import type * as core from '@tensorflow/tfjs-core';
import type * as tfjsLayers from '@tensorflow/tfjs-layers';
import { installTensorMethods } from './tensor-methods.js';

type TensorFlow = Omit<typeof core, 'default'> & Omit<typeof tfjsLayers, 'default'>;

let loaded: TensorFlow | null = null;

/**
 * TensorFlow.js: its core and its layers, which also register the gradients.
 *
 * The packages are loaded at the first use, so that importing ferstream is cheap, and by `require`: an `import` of these CommonJS files takes
 * four times as long, as Node searches them for names to export. All code goes through this one object, so a process has one copy of the core.
 */
export const tf: TensorFlow = new Proxy({} as TensorFlow, {
  get: (_, name) => Reflect.get((loaded ??= load()), name) as unknown,
  has: (_, name) => Reflect.has((loaded ??= load()), name),
});

function load(): TensorFlow {
  const require = createRequire(import.meta.url);
  const tfjsCore = require('@tensorflow/tfjs-core') as typeof core;
  installTensorMethods(tfjsCore);
  return { ...tfjsCore, ...(require('@tensorflow/tfjs-layers') as typeof tfjsLayers) };
}

/** Types of TensorFlow.js under the same name. */
/* eslint-disable @typescript-eslint/no-namespace -- an object cannot carry types otherwise */
export declare namespace tf {
  type DataId = core.DataId;
  type DataType = core.DataType;
  type GradSaveFunc = core.GradSaveFunc;
  type KernelConfig = core.KernelConfig;
  type KernelFunc = core.KernelFunc;
  type NamedTensorMap = core.NamedTensorMap;
  type Rank = core.Rank;
  type Scalar = core.Scalar;
  type Tensor<R extends core.Rank = core.Rank> = core.Tensor<R>;
  type Tensor1D = core.Tensor1D;
  type Tensor2D = core.Tensor2D;
  type Tensor3D = core.Tensor3D;
  type Tensor4D = core.Tensor4D;
  type TensorInfo = core.TensorInfo;
  type Variable<R extends core.Rank = core.Rank> = core.Variable<R>;

  type LayerVariable = tfjsLayers.LayerVariable;
  type LayersModel = tfjsLayers.LayersModel;
  type Sequential = tfjsLayers.Sequential;
  type Shape = tfjsLayers.Shape;
  type SymbolicTensor = tfjsLayers.SymbolicTensor;

  namespace Rank {
    type R1 = core.Rank.R1;
    type R2 = core.Rank.R2;
    type R3 = core.Rank.R3;
    type R4 = core.Rank.R4;
  }
  namespace backend_util {
    type BackendValues = core.backend_util.BackendValues;
    type TypedArray = core.backend_util.TypedArray;
  }
  namespace io {
    type IOHandler = core.io.IOHandler;
    type ModelArtifacts = core.io.ModelArtifacts;
    type ModelJSON = core.io.ModelJSON;
    type SaveResult = core.io.SaveResult;
    type WeightData = core.io.WeightData;
    type WeightsManifestEntry = core.io.WeightsManifestEntry;
  }
  namespace layers {
    type Layer = tfjsLayers.layers.Layer;
  }
  namespace serialization {
    type ConfigDict = core.serialization.ConfigDict;
  }
}
