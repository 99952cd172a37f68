// A small 3-D scene for the example script: a camera, objects with real meshes, figures about them and a
// simulation. The one state lives in `state()`, so scripts edit it in place. The functions are compiled
// ahead of time, in scene.cpp: a script pays only for the declarations.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace scene
{
  struct Vec3
  {
    float x = 0, y = 0, z = 0;
  };

  struct Mesh
  {
    std::vector<Vec3> vertices;
    std::vector<std::uint32_t> indices; // three for each triangle, counter-clockwise from outside
  };

  enum Kind
  {
    Kind_Cube,
    Kind_Sphere,
    Kind_Torus,
    Kind_Count
  };

  struct Object
  {
    std::string name;
    Kind kind = Kind_Cube;
    Vec3 position;
    Vec3 velocity;
    float color[3] = { 0.6f, 0.7f, 0.8f };
    float size = 1.0f;
    bool visible = true;
    Mesh mesh; // around the origin, with a radius of about one half
  };

  // Radians, but for `fov`: degrees from top to bottom.
  struct Camera
  {
    float yaw = 0.7f, pitch = 0.45f, distance = 9.0f, fov = 45.0f;
  };

  struct Toggles
  {
    bool grid = true, axes = true, bounds = false, fill = true, simulate = false;
  };

  struct Stats
  {
    int objects = 0, visible = 0, vertices = 0, triangles = 0;
    float area = 0.0f; // of the visible surfaces
    Vec3 low, high;    // the box around what is visible
  };

  struct State
  {
    Camera camera;
    Toggles toggles;
    std::vector<Object> objects;
    int selected = -1;
    bool visible = true;
    float scale = 1.0f;
    double time = 0.0;
    int made = 0;
    std::uint32_t seed = 0x9e3779b9u;
  };

  State &state();

  // --- objects ------------------------------------------------------------------------------------------

  int object_count();

  // Throws std::out_of_range, like all that take an object's index and do not say otherwise.
  Object &object(int index);
  char const *name(int index);
  char const *kind_name(Kind kind);
  int triangles(int index);

  int selected();
  void select(int index); // -1, or too many: none
  void randomize_color(int index);

  // Adds an object, selects it and returns its index.
  int add_object(Kind kind);

  // False if there is no such object.
  bool remove_object(int index);
  void clear();

  // --- the whole scene ----------------------------------------------------------------------------------

  Camera &camera();
  Toggles &toggles();
  bool visible();
  void toggle();
  void set_scale(float scale);
  void set_camera(float yaw, float pitch, float distance, float fov);

  // Where a corner of the object's mesh is in the scene.
  Vec3 placed(Object const &object, Vec3 corner);
  Stats stats();

  // --- simulation: objects fall, bounce on the floor and lose energy -----------------------------------

  double sim_time(); // seconds
  void kick(float speed);
  void step(float seconds);
  float energy(); // of motion, per unit of mass
}
