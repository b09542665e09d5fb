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
export { consistencyProof, verifyConsistency } from './merkle/consistency-proof.ts'
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
export { readFrontier } from './merkle/hash-ranges.ts'
export { inclusionProof, verifyInclusion } from './merkle/inclusion-proof.ts'
export {
  type ExpandedTile,
  expandTile,
  type ReadTile,
  type TileCoordinates,
  tileWidthAt,
} from './merkle/tile.ts'
