{{- define "graphway.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{/* Labels that a Deployment selects by: they never change. */}}
{{- define "graphway.selector" -}}
app.kubernetes.io/name: graphway
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: control-plane
{{- end -}}

{{- define "graphway.labels" -}}
{{ include "graphway.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* The same for our own gateways. */}}
{{- define "graphway.gatewaySelector" -}}
app.kubernetes.io/name: graphway
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: gateway
{{- end -}}

{{- define "graphway.gatewayLabels" -}}
{{ include "graphway.gatewaySelector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* Name of what belongs to no namespace: one per installation. */}}
{{- define "graphway.clusterName" -}}
graphway-{{ include "graphway.namespace" . }}
{{- end -}}

{{- define "graphway.webhookName" -}}
seldon-validating-webhook-configuration-{{ include "graphway.namespace" . }}
{{- end -}}

{{/*
An image of ours: `given` (registry, repository, tag) unless it names one of Seldon's own programs, which can't be run in
place of ours; then `ours` from the given registry.
*/}}
{{- define "graphway.image" -}}
{{- $given := .given -}}
{{- if contains "seldon-core-" (default "" $given.repository) -}}
{{- $given = dict "registry" $given.registry -}}
{{- end -}}
{{- $image := merge (dict) $given .ours -}}
{{ with $image.registry }}{{ . }}/{{ end }}{{ $image.repository }}:{{ $image.tag }}
{{- end -}}

{{/* Settings of orchestrators: those of `executor`, over them those of `orchestrator`. As JSON. */}}
{{- define "graphway.orchestrator" -}}
{{- mergeOverwrite (deepCopy .Values.executor) (deepCopy .Values.orchestrator) | toJson -}}
{{- end -}}

{{/* A value as text; large numbers are not written with an exponent. */}}
{{- define "graphway.text" -}}
{{- if kindIs "float64" . }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- end -}}
