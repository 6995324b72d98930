{{/* How the namespace of a proxy of the mesh is known. Refuses what would leave every proxy out, or let any process in. */}}
{{- define "graphway.meshIdentity" -}}
{{- $mesh := .Values.istio.mesh -}}
{{- if and $mesh.inject .Values.hostNetwork -}}
{{- fail "istio.mesh.inject: a pod in the network of its node gets no sidecar; turn hostNetwork off" -}}
{{- end -}}
{{- if and (not $mesh.inject) (eq $mesh.identity "peer") -}}
{{- fail "istio.mesh.identity: peer is what the control plane's own sidecar says of a caller; turn istio.mesh.inject on" -}}
{{- end -}}
{{- $mesh.identity | default (ternary "peer" "" $mesh.inject) -}}
{{- end -}}

{{/* The webhook is called by the API server, which is not in the mesh; calls to the API server need no sidecar that runs. */}}
{{- define "graphway.meshAnnotations" -}}
{{- if .Values.istio.mesh.inject -}}
traffic.sidecar.istio.io/excludeInboundPorts: {{ .Values.webhook.port | quote }}
traffic.sidecar.istio.io/excludeOutboundPorts: "443"
{{- end -}}
{{- end -}}

{{/* Flags about proxies of the mesh; those that say what holds anyway are left out. */}}
{{- define "graphway.meshArguments" -}}
{{- $mesh := .Values.istio.mesh -}}
{{- $flags := list -}}
{{- range $name, $value := dict
  "identity" (include "graphway.meshIdentity" .)
  "namespaces" (join "," $mesh.namespaces)
  "gateway-namespaces" (join "," $mesh.gatewayNamespaces)
  "root-namespace" $mesh.rootNamespace
-}}
{{- if $value -}}
{{- $flags = append $flags (printf "--mesh-%s=%s" $name $value) -}}
{{- end -}}
{{- end -}}
{{- if $mesh.peersOnly -}}
{{- $flags = append $flags "--mesh-peers-only" -}}
{{- end -}}
{{- range $flags }}
- {{ . | quote }}
{{- end -}}
{{- end -}}
