// The pages, in the order of the navigation. A person is offered those of whose routes any is theirs.
import { AnalysisPage } from "./analysis/analysis_page.js";
import { ClientPage } from "./clients/client_page.js";
import { DecisionPage } from "./decision/decision_page.js";
import { DecisionsPage } from "./decision/decisions_page.js";
import { BatchesPage } from "./batches/batches_page.js";
import { ErasurePage } from "./erasure/erasure_page.js";
import { EvidencePage } from "./evidence/evidence_page.js";
import { ModelsPage } from "./models/models_page.js";
import { PolicyPage } from "./policy/policy_page.js";
import { PortfolioPage } from "./portfolio/portfolio_page.js";
import { QueuePage } from "./queue/queue_page.js";

const READS = ["GET /predictions/{clientId}/{predictionId}"];

export const pages = [
  { name: "analysis", view: AnalysisPage, may: ["POST /predict"], listed: true },
  { name: "queue", view: QueuePage, may: ["GET /reviews"], listed: true },
  { name: "decisions", view: DecisionsPage, may: ["GET /decisions"], listed: true },
  { name: "portfolio", view: PortfolioPage, may: ["GET /portfolio"], listed: true },
  { name: "models", view: ModelsPage, may: ["GET /models"], listed: true },
  { name: "policy", view: PolicyPage, may: ["GET /policies"], listed: true },
  { name: "evidence", view: EvidencePage, may: ["GET /predictions/{clientId}/{predictionId}/evidence"], listed: true },
  { name: "erasure", view: ErasurePage, may: ["DELETE /clients/{clientId}"], listed: true },
  { name: "batches", view: BatchesPage, may: ["GET /batches/{batchId}"], listed: true },
  { name: "decision", view: DecisionPage, may: READS },
  { name: "client", view: ClientPage, may: ["GET /predictions/{clientId}"] },
];
