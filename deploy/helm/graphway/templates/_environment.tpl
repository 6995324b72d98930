{{/* What the control plane reads of its environment, by the names of Seldon's operator. As JSON. */}}
{{- define "graphway.environment" -}}
{{- $executor := include "graphway.orchestrator" . | fromJson -}}
{{- $image := include "graphway.image" (dict "given" (default dict $executor.image) "ours" (dict "registry" "docker.io" "repository" "graphway/orchestrator" "tag" .Chart.AppVersion)) -}}
{{- dict
  "ISTIO_ENABLED" .Values.istio.enabled
  "ISTIO_GATEWAY" .Values.istio.gateway
  "ISTIO_TLS_MODE" .Values.istio.tlsMode
  "KEDA_ENABLED" .Values.keda.enabled
  "AMBASSADOR_ENABLED" .Values.ambassador.enabled
  "AMBASSADOR_SINGLE_NAMESPACE" .Values.ambassador.singleNamespace
  "AMBASSADOR_VERSION" .Values.ambassador.version
  "WATCH_NAMESPACE" ""
  "CONTROLLER_ID" .Values.controllerId
  "DEPLOYMENT_NAME_AS_PREFIX" .Values.manager.deploymentNameAsPrefix
  "DEFAULT_USER_ID" .Values.defaultUserID
  "EXECUTOR_CONTAINER_IMAGE_AND_VERSION" $image
  "EXECUTOR_CONTAINER_IMAGE_PULL_POLICY" $executor.image.pullPolicy
  "EXECUTOR_CONTAINER_SERVICE_ACCOUNT_NAME" $executor.serviceAccount.name
  "EXECUTOR_CONTAINER_USER" $executor.user
  "EXECUTOR_SERVER_PORT" $executor.port
  "EXECUTOR_SERVER_GRPC_PORT" $executor.grpcPort
  "EXECUTOR_SERVER_METRICS_PORT_NAME" $executor.metricsPortName
  "EXECUTOR_PROMETHEUS_PATH" $executor.prometheus.path
  "EXECUTOR_FULL_HEALTH_CHECKS" $executor.fullHealthChecks
  "EXECUTOR_REQUEST_LOGGER_DEFAULT_ENDPOINT" $executor.requestLogger.defaultEndpoint
  "EXECUTOR_REQUEST_LOGGER_WORK_QUEUE_SIZE" $executor.requestLogger.workQueueSize
  "EXECUTOR_REQUEST_LOGGER_WRITE_TIMEOUT_MS" $executor.requestLogger.writeTimeoutMs
  "EXECUTOR_DEFAULT_CPU_REQUEST" $executor.resources.cpuRequest
  "EXECUTOR_DEFAULT_CPU_LIMIT" $executor.resources.cpuLimit
  "EXECUTOR_DEFAULT_MEMORY_REQUEST" $executor.resources.memoryRequest
  "EXECUTOR_DEFAULT_MEMORY_LIMIT" $executor.resources.memoryLimit
  "PREDICTIVE_UNIT_HTTP_SERVICE_PORT" .Values.predictiveUnit.httpPort
  "PREDICTIVE_UNIT_GRPC_SERVICE_PORT" .Values.predictiveUnit.grpcPort
  "PREDICTIVE_UNIT_METRICS_PORT_NAME" .Values.predictiveUnit.metricsPortName
  "PREDICTIVE_UNIT_DEFAULT_ENV_SECRET_REF_NAME" .Values.predictiveUnit.defaultEnvSecretRefName
| toJson -}}
{{- end -}}
