import {
  ComparisonFinding_Kind,
  ComparisonFinding_Repair,
  ComparisonPolicy_Action,
  type Comparison,
  type ComparisonFinding,
} from '@autoprov/proto';
import type { AppKey } from '../domain/model.ts';
import type { EndedComparison } from '../store/comparisons.ts';
import type { Finding } from '../domain/judge-drift.ts';

const kinds = {
  drift: ComparisonFinding_Kind.KIND_DRIFT,
  missing: ComparisonFinding_Kind.KIND_MISSING,
  unlinked: ComparisonFinding_Kind.KIND_UNLINKED,
  orphan: ComparisonFinding_Kind.KIND_ORPHAN,
};
const repairs = {
  due: ComparisonFinding_Repair.REPAIR_DUE,
  stopped: ComparisonFinding_Repair.REPAIR_STOPPED,
};

/** The API's form of a comparison that has ended. */
export function presentComparison(comparison: EndedComparison): Comparison {
  const { comparisonId, setupRevision, complete, explanation, unlistedAttributes, secondWriters } = comparison;
  return {
    comparisonId,
    beginTime: comparison.begunAt,
    endTime: comparison.endedAt,
    setupRevision,
    action: comparison.repairs ? ComparisonPolicy_Action.ACTION_REPAIR : ComparisonPolicy_Action.ACTION_REPORT,
    complete,
    explanation,
    listedCount: BigInt(comparison.accountCount),
    comparedCount: BigInt(comparison.comparedCount),
    driftedCount: comparison.drifted,
    missingCount: comparison.missing,
    unlinkedCount: comparison.unlinked,
    orphanCount: comparison.orphans,
    unlistedAttributes,
    secondWriters: Object.fromEntries(Object.entries(secondWriters).map(([writer, n]) => [writer, BigInt(n)])),
  };
}

/** The API's form of what was found. */
export function presentFinding({ customerId }: AppKey, finding: Finding): ComparisonFinding {
  const { kind, scimId, userName, userId, attribute, accepted, found, modifiedAt, externalIdOrigin, repair } = finding;
  return {
    kind: kinds[kind],
    scimId,
    userName,
    user: userId === undefined ? '' : `customers/${customerId}/users/${userId}`,
    attribute,
    accepted,
    found,
    modifyTime: modifiedAt,
    externalIdOrigin: externalIdOrigin ?? '',
    repair: repair ? repairs[repair] : ComparisonFinding_Repair.REPAIR_UNSPECIFIED,
  };
}
