{{- define "rollgate.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "rollgate.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "rollgate.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "rollgate.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "rollgate.selector" -}}
app.kubernetes.io/name: {{ include "rollgate.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "rollgate.labels" -}}
{{ include "rollgate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end -}}

{{- define "rollgate.image" -}}
{{- $repository := required "image.repository is required: build the image with the repository's Dockerfile, push it, and say where it is" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* What rollgate manages is not what Helm issued under the other name: Helm would take its own away again. */}}
{{- define "rollgate.tlsSecret" -}}
{{- $suffix := ternary "managed-tls" "tls" (eq .Values.tls.mode "managed") -}}
{{- default (printf "%s-%s" (include "rollgate.fullname" .) $suffix) .Values.tls.secretName -}}
{{- end -}}

{{- define "rollgate.dnsName" -}}
{{- printf "%s.%s.svc" (include "rollgate.fullname" .) .Release.Namespace -}}
{{- end -}}

{{/*
The certificate that Helm issues, as the data of a Secret: the one in the cluster if there is one, so that an upgrade
changes nothing. It is issued once a run and remembered, since the Secret and the registration both need it.
*/}}
{{- define "rollgate.certificate" -}}
{{- if not (hasKey .Values.tls "issued") -}}
{{- $there := dig "data" dict (lookup "v1" "Secret" .Release.Namespace (include "rollgate.tlsSecret" .)) -}}
{{- if not (and (hasKey $there "ca.crt") (hasKey $there "tls.crt") (hasKey $there "tls.key")) -}}
{{- $name := include "rollgate.dnsName" . -}}
{{- $authority := genCA (printf "%s-ca" (include "rollgate.fullname" .)) 3650 -}}
{{- $issued := genSignedCert $name nil (list $name (printf "%s.cluster.local" $name)) 3650 $authority -}}
{{- $there = dict "ca.crt" (b64enc $authority.Cert) "tls.crt" (b64enc $issued.Cert) "tls.key" (b64enc $issued.Key) -}}
{{- end -}}
{{- $_ := set .Values.tls "issued" $there -}}
{{- end -}}
{{- .Values.tls.issued | toYaml -}}
{{- end -}}

{{/*
The authority of the server's certificate for the registration: PEM in base64. With mode managed it is what the cluster
holds already, so that a registration that is new or changed is trusted from the first moment; where there is no look at
the cluster it is left out, and rollgate adds it.
*/}}
{{- define "rollgate.caBundle" -}}
{{- if eq .Values.tls.mode "generated" -}}
{{- get (include "rollgate.certificate" . | fromYaml) "ca.crt" -}}
{{- else if eq .Values.tls.mode "secret" -}}
{{- required "tls.caBundle is required with tls.mode=secret: the authority of the certificate in that Secret, in PEM" .Values.tls.caBundle | trim | b64enc -}}
{{- else if eq .Values.tls.mode "managed" -}}
{{- $registration := lookup "admissionregistration.k8s.io/v1" "ValidatingWebhookConfiguration" "" (include "rollgate.fullname" .) -}}
{{- $webhook := dig "webhooks" list $registration | first | default dict -}}
{{- $secret := lookup "v1" "Secret" .Release.Namespace (include "rollgate.tlsSecret" .) -}}
{{- dig "clientConfig" "caBundle" "" $webhook | default (dig "data" "ca.crt" "" $secret) -}}
{{- end -}}
{{- end -}}
