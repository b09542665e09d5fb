export { canonicalBytes, canonicalJson } from './canonical-json.ts'
export {
  commitment,
  commitmentOfText,
  saltBytes,
  verifyCommitment,
} from './commitment.ts'
export {
  appendLeaves,
  type LeafAppend,
  type TileUpdate,
  tileHeight,
  tileWidth,
} from './merkle/append-leaves.ts'
export {
  decodeFrontier,
  type Extension,
  emptyFrontier,
  encodeFrontier,
  extendFrontier,
  type Frontier,
  frontierRoot,
  type SubtreeRun,
} from './merkle/frontier.ts'
export { hashBytes, leafHash, nodeHash } from './merkle/hash.ts'
