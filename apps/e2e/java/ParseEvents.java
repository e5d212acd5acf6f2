import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Reads events as a team in Java would, twice: against the JSON Schema, and by protobuf's JsonFormat. Each line of stdin is
 * {"message": full name, "value": JSON text}; each line of stdout is {"schemaErrors": [...], "reprinted": the value as
 * JsonFormat prints it} or, with what JsonFormat did not take, {"schemaErrors": [...], "protobufError": "..."}.
 *
 * <p>Arguments: the FileDescriptorSet of the contracts, the folder of the JSON Schemas.
 */
class ParseEvents {
  public static void main(String[] args) throws Exception {
    var files = readFiles(Path.of(args[0]));
    var json = new ObjectMapper();
    var schemas = JsonSchemaFactory.getInstance(VersionFlag.V202012);
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (var line = lines.readLine(); line != null; line = lines.readLine()) {
      var event = json.readTree(line);
      var name = event.get("message").asText();
      var value = event.get("value").asText();
      ObjectNode answer = json.createObjectNode();
      var schema = schemas.getSchema(Files.newInputStream(Path.of(args[1], name + ".json")));
      var errors = answer.putArray("schemaErrors");
      for (var error : schema.validate(json.readTree(value))) errors.add(error.toString());
      try {
        answer.set("reprinted", reprint(findMessage(files, name), value, json));
      } catch (InvalidProtocolBufferException e) {
        answer.put("protobufError", e.getMessage());
      }
      System.out.println(json.writeValueAsString(answer));
    }
  }

  private static JsonNode reprint(Descriptor type, String value, ObjectMapper json) throws Exception {
    var message = DynamicMessage.newBuilder(type);
    JsonFormat.parser().merge(value, message);
    return json.readTree(JsonFormat.printer().alwaysPrintFieldsWithNoPresence().print(message));
  }

  private static Descriptor findMessage(Map<String, FileDescriptor> files, String name) {
    var shortName = name.substring(name.lastIndexOf('.') + 1);
    return files.values().stream()
        .map(file -> file.findMessageTypeByName(shortName))
        .filter(type -> type != null && type.getFullName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static Map<String, FileDescriptor> readFiles(Path path) throws Exception {
    var protos = new HashMap<String, FileDescriptorProto>();
    for (var file : FileDescriptorSet.parseFrom(Files.readAllBytes(path)).getFileList()) protos.put(file.getName(), file);
    var built = new HashMap<String, FileDescriptor>();
    for (var name : protos.keySet()) build(name, protos, built);
    return built;
  }

  private static FileDescriptor build(
      String name, Map<String, FileDescriptorProto> protos, Map<String, FileDescriptor> built) throws Exception {
    if (built.containsKey(name)) return built.get(name);
    var proto = protos.get(name);
    var imported = new FileDescriptor[proto.getDependencyCount()];
    for (int i = 0; i < imported.length; i++) imported[i] = build(proto.getDependency(i), protos, built);
    var file = FileDescriptor.buildFrom(proto, imported);
    built.put(name, file);
    return file;
  }
}
