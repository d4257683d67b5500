{{- define "telehealth.labels" -}}
{{ include "telehealth.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "telehealth.selector" -}}
app.kubernetes.io/name: telehealth
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "telehealth.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* What must hold between values; the schema sees one at a time. */}}
{{- define "telehealth.check" -}}
{{- if and (or .Values.autoscaling.enabled (gt (int .Values.replicas) 1)) (not (and .Values.cluster.enabled .Values.keys.existingSecret)) -}}
{{- fail "more than one server needs cluster.enabled and keys.existingSecret: otherwise each signs with keys of its own" -}}
{{- end -}}
{{- if and .Values.objects.enabled (not .Values.objects.existingSecret) -}}
{{- fail "objects.enabled needs objects.existingSecret with the keys \"id\" and \"secret\"" -}}
{{- end -}}
{{- end }}
