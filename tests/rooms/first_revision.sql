CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE actor (
	id VARCHAR(36) NOT NULL, 
	name VARCHAR(100) NOT NULL, 
	kind VARCHAR(10) NOT NULL, 
	permission VARCHAR(10) NOT NULL, 
	created_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
CREATE TABLE alert (
	id VARCHAR(36) NOT NULL, 
	rule VARCHAR(36) NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	metric VARCHAR(64) NOT NULL, 
	field VARCHAR(64) NOT NULL, 
	operator VARCHAR(8) NOT NULL, 
	value FLOAT NOT NULL, 
	"limit" FLOAT NOT NULL, 
	count INTEGER NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	since BIGINT NOT NULL, 
	resolved_at BIGINT, 
	acknowledged_by VARCHAR(36), 
	acknowledged_at BIGINT, 
	sentence TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE INDEX alert_by_deployment ON alert (deployment, since);
CREATE INDEX alert_by_state ON alert (state, since);
CREATE TABLE alert_rule (
	id VARCHAR(36) NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	metric VARCHAR(64) NOT NULL, 
	field VARCHAR(64) NOT NULL, 
	operator VARCHAR(8) NOT NULL, 
	value FLOAT NOT NULL, 
	window_s INTEGER NOT NULL, 
	min_count INTEGER NOT NULL, 
	webhook TEXT, 
	active INTEGER NOT NULL, 
	clear_value FLOAT, 
	for_s INTEGER NOT NULL, 
	keep_firing_s INTEGER NOT NULL, 
	created_at BIGINT NOT NULL, 
	created_by VARCHAR(36) NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	state_since BIGINT NOT NULL, 
	last_held BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE INDEX alert_rule_by_deployment ON alert_rule (deployment);
CREATE TABLE annotation (
	id VARCHAR(64) NOT NULL, 
	annotations JSON NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE asset (
	id VARCHAR(64) NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	format VARCHAR(12) NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	created_at BIGINT NOT NULL, 
	state VARCHAR(8) DEFAULT 'here' NOT NULL, 
	left_at BIGINT, 
	left_reason TEXT, 
	PRIMARY KEY (id)
);
CREATE INDEX asset_leaving ON asset (state) WHERE state = 'leaving';
CREATE TABLE asset_pin (
	owner_kind VARCHAR(30) NOT NULL, 
	owner_id VARCHAR(64) NOT NULL, 
	asset VARCHAR(64) NOT NULL, 
	PRIMARY KEY (owner_kind, owner_id, asset)
);
CREATE INDEX asset_pin_by_asset ON asset_pin (asset);
CREATE TABLE bucket (
	deployment VARCHAR(36) NOT NULL, 
	metric VARCHAR(64) NOT NULL, 
	span VARCHAR(5) NOT NULL, 
	whole BOOLEAN NOT NULL, 
	hour BIGINT NOT NULL, 
	source VARCHAR(200) NOT NULL, 
	model_version VARCHAR(36) NOT NULL, 
	role VARCHAR(10) NOT NULL, 
	reference VARCHAR(36) NOT NULL, 
	label VARCHAR(200) NOT NULL, 
	state BLOB NOT NULL, 
	PRIMARY KEY (deployment, metric, span, whole, hour, source, model_version, role, reference, label)
)
 WITHOUT ROWID

;
CREATE TABLE counter (
	name VARCHAR(40) NOT NULL, 
	value BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE dataset (
	id VARCHAR(36) NOT NULL, 
	name VARCHAR(100) NOT NULL, 
	task VARCHAR(40) NOT NULL, 
	created_at BIGINT NOT NULL, 
	created_by VARCHAR(36) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
CREATE TABLE delivery (
	id VARCHAR(36) NOT NULL, 
	rule VARCHAR(36) NOT NULL, 
	alert VARCHAR(36), 
	kind VARCHAR(10) NOT NULL, 
	channel VARCHAR(40) NOT NULL, 
	target TEXT NOT NULL, 
	body JSON NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_at BIGINT NOT NULL, 
	error TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	sent_at BIGINT, 
	PRIMARY KEY (id)
);
CREATE INDEX delivery_by_rule ON delivery (rule, created_at);
CREATE INDEX delivery_by_state ON delivery (state, next_at);
CREATE TABLE deployment (
	id VARCHAR(36) NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	task VARCHAR(30) NOT NULL, 
	labels JSON NOT NULL, 
	target VARCHAR(10) NOT NULL, 
	threshold FLOAT NOT NULL, 
	revision INTEGER NOT NULL, 
	champion VARCHAR(36), 
	shadow VARCHAR(36), 
	canary VARCHAR(36), 
	canary_share FLOAT NOT NULL, 
	settings JSON NOT NULL, 
	created_at BIGINT NOT NULL, 
	created_by VARCHAR(36) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
CREATE TABLE drift_window (
	reference VARCHAR(36) NOT NULL, 
	number INTEGER NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	since BIGINT NOT NULL, 
	until BIGINT NOT NULL, 
	images INTEGER NOT NULL, 
	imported BOOLEAN NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	evidence FLOAT NOT NULL, 
	distance FLOAT NOT NULL, 
	feature VARCHAR(60), 
	counts BLOB NOT NULL, 
	PRIMARY KEY (reference, number)
);
CREATE TABLE evaluation (
	id VARCHAR(36) NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	job VARCHAR(36), 
	model_version VARCHAR(36) NOT NULL, 
	dataset_version VARCHAR(36) NOT NULL, 
	split VARCHAR(12) NOT NULL, 
	part VARCHAR(12) NOT NULL, 
	images INTEGER NOT NULL, 
	scores JSON NOT NULL, 
	labels JSON NOT NULL, 
	advised_threshold FLOAT, 
	error TEXT, 
	created_by VARCHAR(36) NOT NULL, 
	created_at BIGINT NOT NULL, 
	finished_at BIGINT, 
	PRIMARY KEY (id)
);
CREATE INDEX evaluation_of ON evaluation (model_version, dataset_version, split, part);
CREATE TABLE feedback_cursor (
	dataset VARCHAR(36) NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	seq BIGINT NOT NULL, 
	PRIMARY KEY (dataset, deployment)
);
CREATE TABLE feedback_member (
	dataset VARCHAR(36) NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	asset VARCHAR(64) NOT NULL, 
	prediction VARCHAR(36) NOT NULL, 
	seq BIGINT NOT NULL, 
	outcome VARCHAR(20) NOT NULL, 
	split VARCHAR(12), 
	group_name VARCHAR(300), 
	fingerprint VARCHAR(64) NOT NULL, 
	annotations JSON NOT NULL, 
	source VARCHAR(300), 
	version VARCHAR(36), 
	fresh BOOLEAN NOT NULL, 
	PRIMARY KEY (dataset, deployment, asset)
);
CREATE INDEX feedback_by_deployment ON feedback_member (deployment, dataset, fresh, outcome);
CREATE INDEX feedback_by_version ON feedback_member (dataset, version);
CREATE TABLE gate_decision (
	id VARCHAR(36) NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	job VARCHAR(36) NOT NULL, 
	candidate VARCHAR(36) NOT NULL, 
	champion VARCHAR(36) NOT NULL, 
	dataset_version VARCHAR(36) NOT NULL, 
	decision VARCHAR(20) NOT NULL, 
	reasons JSON NOT NULL, 
	numbers JSON NOT NULL, 
	policy VARCHAR(12) NOT NULL, 
	applied VARCHAR(12) NOT NULL, 
	note TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	settled_by VARCHAR(36), 
	settled_at BIGINT, 
	PRIMARY KEY (id), 
	UNIQUE (job)
);
CREATE INDEX gate_decision_by_deployment ON gate_decision (deployment, at);
CREATE TABLE image_hold (
	deployment VARCHAR(36) NOT NULL, 
	asset VARCHAR(64) NOT NULL, 
	at BIGINT NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	PRIMARY KEY (deployment, asset)
);
CREATE INDEX image_hold_by_age ON image_hold (deployment, at, asset);
CREATE INDEX image_hold_by_asset ON image_hold (asset);
CREATE INDEX image_hold_oldest ON image_hold (at, asset);
CREATE TABLE image_tally (
	deployment VARCHAR(36) NOT NULL, 
	day BIGINT NOT NULL, 
	reason VARCHAR(20) NOT NULL, 
	images BIGINT NOT NULL, 
	bytes BIGINT NOT NULL, 
	PRIMARY KEY (deployment, day, reason)
);
CREATE TABLE job (
	id VARCHAR(36) NOT NULL, 
	kind VARCHAR(60) NOT NULL, 
	"key" VARCHAR(200), 
	title TEXT NOT NULL, 
	about VARCHAR(64), 
	state VARCHAR(12) NOT NULL, 
	step VARCHAR(60), 
	done INTEGER NOT NULL, 
	total INTEGER, 
	message TEXT NOT NULL, 
	payload JSON NOT NULL, 
	result JSON, 
	error TEXT, 
	cancel_asked INTEGER NOT NULL, 
	owner VARCHAR(36), 
	lease_until BIGINT, 
	created_by VARCHAR(36) NOT NULL, 
	created_at BIGINT NOT NULL, 
	started_at BIGINT, 
	finished_at BIGINT, 
	PRIMARY KEY (id), 
	UNIQUE ("key")
);
CREATE INDEX job_by_about ON job (about, created_at);
CREATE INDEX job_by_state ON job (state, created_at);
CREATE TABLE loop_policy (
	deployment VARCHAR(36) NOT NULL, 
	dataset VARCHAR(36), 
	feedback_active BOOLEAN NOT NULL, 
	test_share FLOAT NOT NULL, 
	training_active BOOLEAN NOT NULL, 
	"after" INTEGER NOT NULL, 
	trainer VARCHAR(60) NOT NULL, 
	parameters JSON NOT NULL, 
	training_rules JSON NOT NULL, 
	rollout_active BOOLEAN NOT NULL, 
	policy VARCHAR(12) NOT NULL, 
	rollout_rules JSON NOT NULL, 
	frozen BOOLEAN NOT NULL, 
	PRIMARY KEY (deployment)
);
CREATE TABLE loop_run (
	job VARCHAR(36) NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	number INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	seq BIGINT NOT NULL, 
	started_at BIGINT NOT NULL, 
	PRIMARY KEY (job)
);
CREATE UNIQUE INDEX loop_run_by_deployment ON loop_run (deployment, number);
CREATE TABLE model (
	id VARCHAR(36) NOT NULL, 
	name VARCHAR(100) NOT NULL, 
	task VARCHAR(40) NOT NULL, 
	created_at BIGINT NOT NULL, 
	created_by VARCHAR(36) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
CREATE TABLE posting (
	term INTEGER NOT NULL, 
	taken_at BIGINT NOT NULL, 
	log_seq INTEGER NOT NULL, 
	PRIMARY KEY (term, taken_at, log_seq)
)
 WITHOUT ROWID

;
CREATE TABLE prediction (
	log_seq INTEGER NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	client_id VARCHAR(200), 
	asset VARCHAR(64) NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	model_version VARCHAR(36), 
	role VARCHAR(10) NOT NULL, 
	source VARCHAR(200), 
	tags JSON NOT NULL, 
	metadata JSON NOT NULL, 
	taken_at BIGINT NOT NULL, 
	logged_at BIGINT NOT NULL, 
	latency_ms FLOAT NOT NULL, 
	threshold FLOAT NOT NULL, 
	detections TEXT NOT NULL, 
	parent VARCHAR(36), 
	trace VARCHAR(60), 
	origin VARCHAR(10) NOT NULL, 
	error VARCHAR(60), 
	writer VARCHAR(100), 
	writer_seq BIGINT, 
	keep_reason VARCHAR(20) NOT NULL, 
	keep_probability FLOAT NOT NULL, 
	PRIMARY KEY (log_seq), 
	CONSTRAINT prediction_once UNIQUE (deployment, client_id), 
	UNIQUE (id)
);
CREATE INDEX prediction_by_parent ON prediction (parent) WHERE parent IS NOT NULL;
CREATE INDEX prediction_by_writer ON prediction (deployment, writer, source, writer_seq, taken_at) WHERE writer_seq IS NOT NULL;
CREATE TABLE projection_cursor (
	deployment VARCHAR(36) NOT NULL, 
	log_seq BIGINT NOT NULL, 
	clearing INTEGER NOT NULL, 
	PRIMARY KEY (deployment)
);
CREATE TABLE queue_cohort (
	deployment VARCHAR(36) NOT NULL, 
	first_seq BIGINT NOT NULL, 
	tau FLOAT, 
	PRIMARY KEY (deployment, first_seq)
);
CREATE TABLE queue_cursor (
	name VARCHAR(20) NOT NULL, 
	log_seq BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE queue_item (
	prediction VARCHAR(36) NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	log_seq BIGINT NOT NULL, 
	open BOOLEAN NOT NULL, 
	size FLOAT NOT NULL, 
	chance FLOAT NOT NULL, 
	lane VARCHAR(20), 
	chosen_at BIGINT, 
	held_by VARCHAR(36), 
	held_until BIGINT, 
	PRIMARY KEY (prediction)
);
CREATE INDEX queue_by_arrival ON queue_item (deployment, log_seq);
CREATE INDEX queue_by_chance ON queue_item (deployment, open, chance);
CREATE TABLE queue_scale (
	deployment VARCHAR(36) NOT NULL, 
	images INTEGER NOT NULL, 
	total FLOAT NOT NULL, 
	PRIMARY KEY (deployment)
);
CREATE TABLE reference (
	id VARCHAR(36) NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	dataset_version VARCHAR(36) NOT NULL, 
	model_version VARCHAR(36) NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	job VARCHAR(36), 
	images INTEGER NOT NULL, 
	ready_seq BIGINT NOT NULL, 
	filled_seq BIGINT NOT NULL, 
	message TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE INDEX reference_by_deployment ON reference (deployment, created_at);
CREATE TABLE tally (
	deployment VARCHAR(36) NOT NULL, 
	shadow INTEGER NOT NULL, 
	review VARCHAR(10) NOT NULL, 
	lines BIGINT NOT NULL, 
	PRIMARY KEY (deployment, shadow, review)
);
CREATE TABLE term (
	id INTEGER NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	kind VARCHAR(120) NOT NULL, 
	value VARCHAR(200) NOT NULL, 
	number FLOAT, 
	PRIMARY KEY (id), 
	CONSTRAINT term_once UNIQUE (deployment, kind, value)
);
CREATE TABLE training_data (
	deployment VARCHAR(36) NOT NULL, 
	dataset_version VARCHAR(36) NOT NULL, 
	model_version VARCHAR(36) NOT NULL, 
	reference VARCHAR(36), 
	changed_at BIGINT NOT NULL, 
	changed_by VARCHAR(36) NOT NULL, 
	PRIMARY KEY (deployment)
);
CREATE TABLE training_run (
	id VARCHAR(36) NOT NULL, 
	state VARCHAR(12) NOT NULL, 
	job VARCHAR(36), 
	trainer VARCHAR(60) NOT NULL, 
	parameters JSON NOT NULL, 
	model VARCHAR(100) NOT NULL, 
	dataset_version VARCHAR(36) NOT NULL, 
	start_from VARCHAR(36), 
	model_version VARCHAR(36), 
	deployment VARCHAR(36), 
	epochs JSON NOT NULL, 
	error TEXT, 
	created_by VARCHAR(36) NOT NULL, 
	created_at BIGINT NOT NULL, 
	started_at BIGINT, 
	finished_at BIGINT, 
	PRIMARY KEY (id)
);
CREATE INDEX training_run_by_job ON training_run (job);
CREATE INDEX training_run_by_model ON training_run (model, created_at);
CREATE TABLE verdict (
	prediction VARCHAR(36) NOT NULL, 
	seq BIGINT NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	asset VARCHAR(64), 
	model_version VARCHAR(36), 
	status VARCHAR(12) NOT NULL, 
	annotations JSON NOT NULL, 
	reason TEXT NOT NULL, 
	revision INTEGER NOT NULL, 
	actor VARCHAR(36) NOT NULL, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (prediction), 
	UNIQUE (seq)
);
CREATE INDEX verdict_by_asset ON verdict (asset);
CREATE INDEX verdict_by_deployment ON verdict (deployment, seq);
CREATE TABLE verdict_history (
	seq BIGINT NOT NULL, 
	prediction VARCHAR(36) NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	asset VARCHAR(64), 
	model_version VARCHAR(36), 
	status VARCHAR(12) NOT NULL, 
	annotations JSON NOT NULL, 
	reason TEXT NOT NULL, 
	revision INTEGER NOT NULL, 
	actor VARCHAR(36) NOT NULL, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (seq)
);
CREATE INDEX verdict_history_by_prediction ON verdict_history (prediction, seq);
CREATE TABLE writer (
	deployment VARCHAR(36) NOT NULL, 
	name VARCHAR(100) NOT NULL, 
	heard_at BIGINT NOT NULL, 
	state VARCHAR(10), 
	message TEXT NOT NULL, 
	model_version VARCHAR(36), 
	PRIMARY KEY (deployment, name)
);
CREATE TABLE writer_loss (
	deployment VARCHAR(36) NOT NULL, 
	writer VARCHAR(100) NOT NULL, 
	source VARCHAR(200) NOT NULL, 
	first_seq BIGINT NOT NULL, 
	last_seq BIGINT NOT NULL, 
	since BIGINT NOT NULL, 
	until BIGINT NOT NULL, 
	reason VARCHAR(40) NOT NULL, 
	PRIMARY KEY (deployment, writer, source, first_seq)
);
CREATE TABLE writer_source (
	deployment VARCHAR(36) NOT NULL, 
	writer VARCHAR(100) NOT NULL, 
	source VARCHAR(200) NOT NULL, 
	last_seq BIGINT NOT NULL, 
	waiting BIGINT NOT NULL, 
	PRIMARY KEY (deployment, writer, source)
);
CREATE TABLE annotation_label (
	annotation VARCHAR(64) NOT NULL, 
	label VARCHAR(200) NOT NULL, 
	PRIMARY KEY (annotation, label), 
	FOREIGN KEY(annotation) REFERENCES annotation (id)
);
CREATE TABLE dataset_version (
	id VARCHAR(36) NOT NULL, 
	dataset VARCHAR(36) NOT NULL, 
	number INTEGER NOT NULL, 
	content_hash VARCHAR(64) NOT NULL, 
	task VARCHAR(40) NOT NULL, 
	labels JSON NOT NULL, 
	parent VARCHAR(36), 
	origin VARCHAR(20) NOT NULL, 
	note TEXT NOT NULL, 
	images JSON NOT NULL, 
	statistics JSON NOT NULL, 
	created_at BIGINT NOT NULL, 
	created_by VARCHAR(36) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(dataset) REFERENCES dataset (id), 
	UNIQUE (dataset, content_hash), 
	UNIQUE (dataset, number)
);
CREATE TABLE feature (
	log_seq INTEGER NOT NULL, 
	scalars BLOB, 
	vector BLOB, 
	PRIMARY KEY (log_seq), 
	FOREIGN KEY(log_seq) REFERENCES prediction (log_seq) ON DELETE CASCADE
);
CREATE TABLE former_name (
	name VARCHAR(80) NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	PRIMARY KEY (name), 
	FOREIGN KEY(deployment) REFERENCES deployment (id) ON DELETE CASCADE
);
CREATE TABLE job_step (
	job VARCHAR(36) NOT NULL, 
	name VARCHAR(60) NOT NULL, 
	result JSON, 
	finished_at BIGINT NOT NULL, 
	PRIMARY KEY (job, name), 
	FOREIGN KEY(job) REFERENCES job (id) ON DELETE CASCADE
);
CREATE TABLE model_version (
	id VARCHAR(36) NOT NULL, 
	model VARCHAR(36) NOT NULL, 
	number INTEGER NOT NULL, 
	task VARCHAR(40) NOT NULL, 
	labels JSON NOT NULL, 
	artifact VARCHAR(64) NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	manifest JSON NOT NULL, 
	dataset_version VARCHAR(36), 
	training_run VARCHAR(36), 
	parent VARCHAR(36), 
	checkpoint VARCHAR(64), 
	advised_threshold FLOAT, 
	scores JSON NOT NULL, 
	note TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	created_by VARCHAR(36) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(model) REFERENCES model (id), 
	FOREIGN KEY(parent) REFERENCES model_version (id), 
	UNIQUE (model, artifact), 
	UNIQUE (model, number)
);
CREATE INDEX ix_model_version_artifact ON model_version (artifact);
CREATE TABLE role_history (
	id VARCHAR(36) NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	role VARCHAR(10) NOT NULL, 
	model_version VARCHAR(36), 
	since BIGINT NOT NULL, 
	until BIGINT, 
	reason TEXT NOT NULL, 
	"by" VARCHAR(36) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(deployment) REFERENCES deployment (id) ON DELETE CASCADE
);
CREATE INDEX role_history_by_deployment ON role_history (deployment, since);
CREATE TABLE serving_state (
	deployment VARCHAR(36) NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	message TEXT NOT NULL, 
	model_version VARCHAR(36), 
	PRIMARY KEY (deployment), 
	FOREIGN KEY(deployment) REFERENCES deployment (id) ON DELETE CASCADE
);
CREATE TABLE setting_history (
	id VARCHAR(36) NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	name VARCHAR(30) NOT NULL, 
	value JSON NOT NULL, 
	at BIGINT NOT NULL, 
	"by" VARCHAR(36) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(deployment) REFERENCES deployment (id) ON DELETE CASCADE
);
CREATE INDEX setting_history_by_deployment ON setting_history (deployment, name, at);
CREATE TABLE signal (
	log_seq INTEGER NOT NULL, 
	deployment VARCHAR(36) NOT NULL, 
	review VARCHAR(10) NOT NULL, 
	outlier FLOAT, 
	priority FLOAT, 
	taken_at BIGINT NOT NULL, 
	confidence FLOAT NOT NULL, 
	latency_ms FLOAT NOT NULL, 
	count INTEGER NOT NULL, 
	role VARCHAR(10) NOT NULL, 
	source VARCHAR(200), 
	model_version VARCHAR(36), 
	error VARCHAR(60), 
	origin VARCHAR(10) NOT NULL, 
	asset VARCHAR(64) NOT NULL, 
	PRIMARY KEY (log_seq), 
	FOREIGN KEY(log_seq) REFERENCES prediction (log_seq) ON DELETE CASCADE
);
CREATE INDEX signal_by_asset ON signal (asset);
CREATE INDEX signal_by_confidence ON signal (deployment, confidence, log_seq);
CREATE INDEX signal_by_latency ON signal (deployment, latency_ms, log_seq);
CREATE INDEX signal_by_log ON signal (deployment, log_seq);
CREATE INDEX signal_by_outlier ON signal (deployment, outlier, log_seq);
CREATE INDEX signal_by_priority ON signal (deployment, review, priority, log_seq);
CREATE INDEX signal_by_review ON signal (deployment, review, taken_at, log_seq);
CREATE INDEX signal_by_time ON signal (deployment, taken_at, log_seq);
CREATE TABLE token (
	hash VARCHAR(64) NOT NULL, 
	actor VARCHAR(36) NOT NULL, 
	created_at BIGINT NOT NULL, 
	PRIMARY KEY (hash), 
	FOREIGN KEY(actor) REFERENCES actor (id)
);
CREATE TABLE version_item (
	content_hash VARCHAR(64) NOT NULL, 
	position INTEGER NOT NULL, 
	asset VARCHAR(64) NOT NULL, 
	split VARCHAR(12) NOT NULL, 
	group_name VARCHAR(300) NOT NULL, 
	file_name TEXT NOT NULL, 
	source VARCHAR(300), 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	annotation VARCHAR(64) NOT NULL, 
	PRIMARY KEY (content_hash, position), 
	FOREIGN KEY(annotation) REFERENCES annotation (id), 
	FOREIGN KEY(asset) REFERENCES asset (id), 
	UNIQUE (content_hash, asset)
);
CREATE INDEX version_item_by_asset ON version_item (asset);
INSERT INTO alembic_version VALUES ('0001');
